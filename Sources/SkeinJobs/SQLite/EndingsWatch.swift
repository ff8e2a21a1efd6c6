internal import CSkein
internal import Glibc
internal import SkeinSync
internal import SkeinThreads
internal import Synchronization

/// Hears the end of workers: the kernel closes their files, whatever ends them, and inotify tells.
enum EndingsWatch {
  /// Starts a thread that calls `action` after each closed file of a directory, until it is cancelled.
  ///
  /// Returns `nil` when the system has no watches or threads left: then the workers have to be asked from time to time, which
  /// they are in any case.
  static func start(directory: String, _ action: @escaping @Sendable () -> Void) -> ScheduledAction? {
    let descriptor = skein_watch_closes(directory)
    guard descriptor >= 0 else { return nil }
    let isCancelled = Flag()
    do {
      _ = try OSThread.start(name: "skein-endings", isDaemon: true) {
        defer { close(descriptor) }
        while !isCancelled.isSet { if hasNews(descriptor), !isCancelled.isSet { action() } }
      }
    } catch {
      close(descriptor)
      return nil
    }
    return ScheduledAction { isCancelled.set() }
  }

  /// Waits for news for a second, so that a cancelled watch ends.
  private static func hasNews(_ descriptor: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, 1000) > 0 else { return false }
    // The events themselves do not matter, only that there were some.
    return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
      read(descriptor, buffer.baseAddress, buffer.count) > 0
    }
  }

  private final class Flag: Sendable {
    private let word = Atomic(false)
    var isSet: Bool { word.load(ordering: .acquiring) }
    func set() { word.store(true, ordering: .releasing) }
  }
}
