internal import NIOCore
internal import NIOPosix
internal import SkeinSync

/// What was at the paths that were asked for last, so that those that are asked for often need no look at the disk.
///
/// - Invariant: no more entries than allowed are kept, and no more bytes.
final class FileCache: Sendable {
  private struct Entry: Sendable {
    let entry: StaticEntry
    let checked: MonotonicClock.Instant
    /// When it was asked for last.
    var used: UInt64
  }

  private struct State: Sendable {
    var entries: [String: Entry] = [:]
    var heldBytes = 0
    var uses: UInt64 = 0
  }

  private let root: OpenFile
  private let options: StaticFiles.Options
  private let state = Lock(State(), internalTo: "FileCache")

  init(root: OpenFile, _ options: StaticFiles.Options) { (self.root, self.options) = (root, options) }

  /// What was at a path a short time ago; `nil` when nobody has looked since.
  func recent(_ path: String) -> StaticEntry? {
    guard let known = use(path), known.checked.duration(to: MonotonicClock().now) < options.revalidation
    else {
      return nil
    }
    return known.entry
  }

  /// What is at a path: as it is now, or was a short time ago. Suspends the task for a look at the disk.
  func entry(_ path: String) async throws -> StaticEntry {
    if let recent = recent(path) { return recent }
    let (now, known) = (MonotonicClock().now, use(path)?.entry)
    let entry = try await NIOThreadPool.singleton.runIfActive { [root, options] in
      try StaticFile.load(path, root, known: known, options)
    }
    keep(entry, path, now)
    return entry
  }

  private func use(_ path: String) -> Entry? {
    state.withLock { state in
      guard let index = state.entries.index(forKey: path) else { return nil }
      state.uses += 1
      state.entries.values[index].used = state.uses
      return state.entries.values[index]
    }
  }

  private func keep(_ entry: StaticEntry, _ path: String, _ now: MonotonicClock.Instant) {
    // What goes is released after the lock: the last reference closes a file.
    let gone = state.withLock { state in
      var gone: [Entry] = []
      state.uses += 1
      if let old = state.entries.updateValue(
        Entry(entry: entry, checked: now, used: state.uses), forKey: path)
      {
        state.heldBytes -= old.entry.heldBytes
        gone.append(old)
      }
      state.heldBytes += entry.heldBytes
      while state.entries.count > options.maximumCachedFiles || state.heldBytes > options.maximumCachedBytes,
        let oldest = state.entries.min(by: { $0.value.used < $1.value.used })?.key
      {
        let old = state.entries.removeValue(forKey: oldest)!
        state.heldBytes -= old.entry.heldBytes
        gone.append(old)
      }
      return gone
    }
    withExtendedLifetime(gone) {}
  }

  /// How much is kept: entries, and bytes of files.
  var size: (entries: Int, bytes: Int) { state.withLock { ($0.entries.count, $0.heldBytes) } }
}

extension StaticEntry {
  fileprivate var heldBytes: Int { if case .file(let file) = self { file.heldBytes } else { 0 } }
}
