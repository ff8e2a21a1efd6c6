internal import CSkein

/// A lock that threads sleep on, without a queue that could be asked who waits.
protocol WaitableLock: AnyObject, Sendable {
  /// The lock as it is now, read without waiting. Its identity is the address of the lock's object, which is
  /// what observers know it by.
  var observed: ObservedObject { get }
}

/// A thread that sleeps until it can have a lock: a source for as long as it sleeps.
final class ThreadWait: WaitSource {
  private let object: any WaitableLock
  private let purpose: StaticString
  private let asker: Asker

  private init(_ object: any WaitableLock, purpose: StaticString, asker: Asker) {
    self.object = object
    self.purpose = purpose
    self.asker = asker
  }

  func observeWaits() -> [ObservedWait]? {
    let wait = asker.wait(for: object.observed, purpose: "\(purpose)")
    // A thread that has the lock is awake, and about to take this entry out.
    if case .all(let holders) = wait.object.holders, holders.count == 1, holders[0].party == wait.party {
      return []
    }
    return [wait]
  }

  /// Runs `body`, which gets a function that makes the wait known; it is forgotten when `body` has ended.
  static func during<Result>(
    _ object: any WaitableLock, purpose: StaticString, at place: SourcePlace, isTimed: Bool,
    _ body: (_ announce: () -> Void) -> Result
  ) -> Result {
    var entry: ThreadWait?
    defer { if let entry { WaitSources.unregister(entry) } }
    return body {
      let asker = Asker(at: place, isTimed: isTimed, isThread: true)
      let new = ThreadWait(object, purpose: purpose, asker: asker)
      WaitSources.register(new)
      entry = new
    }
  }
}
