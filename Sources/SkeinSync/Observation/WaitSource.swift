/// Something that can tell who waits for it: what a diagnosis is made from.
///
/// The primitives of SkeinSync have sources by themselves. A type with waits of its own (a pool, a connection
/// to a child process) makes one and registers it with ``WaitSources``.
public protocol WaitSource: AnyObject, Sendable {
  /// The waits at this instant; `nil` when they can not be read without waiting.
  ///
  /// Called by diagnosis, at any time, on any thread: it must not wait for anything.
  func observeWaits() -> [ObservedWait]?
}

/// The sources of this process.
///
/// An object that nobody ever waited for is not among them: a primitive registers at its first wait, so that
/// one which is never contended pays nothing.
public enum WaitSources {
  /// Adds a source, and keeps it alive until ``unregister(_:)``.
  ///
  /// - Complexity: O(1).
  public static func register(_ source: any WaitSource) {
    shard(of: source).withLock { $0[ObjectIdentifier(source)] = source }
  }

  /// Takes a source out; one that is not registered is none too many.
  ///
  /// - Complexity: O(1).
  public static func unregister(_ source: any WaitSource) {
    // Let go after the lock: a source may be the last owner of what it describes.
    let removed = shard(of: source).withLock { $0.removeValue(forKey: ObjectIdentifier(source)) }
    withExtendedLifetime(removed) {}
  }

  /// Every wait at this instant, and how many sources were too busy to be read.
  ///
  /// The sources are read one after another, not at one instant all together: a wait that ended in between
  /// can appear beside one that began later. What hangs does not change, and is exact.
  ///
  /// - Complexity: O(sources + waits).
  public static func observe() -> (waits: [ObservedWait], busySources: Int) {
    let sources = shards.flatMap { shard in shard.withLock { Array($0.values) } }
    let observed = sources.map { $0.observeWaits() }
    return (observed.flatMap { $0 ?? [] }, observed.count { $0 == nil })
  }

  private typealias Sources = [ObjectIdentifier: any WaitSource]

  private static let shards = (0..<16).map { _ in Lock(Sources(), internalTo: "WaitSources") }

  private static func shard(of source: any WaitSource) -> Lock<Sources> {
    // Objects are aligned to 16 bytes, so the lowest bits of the address say nothing.
    shards[Int(UInt(bitPattern: ObjectIdentifier(source)) >> 4 % 16)]
  }
}
