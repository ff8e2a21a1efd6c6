internal import CSkein

/// What a primitive tells diagnosis about its state and about what is asked of it.
@usableFromInline
package struct WaitDescription<State: Sendable, Request: Sendable>: Sendable {
  let holders: @Sendable (State) -> ObservedObject.Holders
  let state: @Sendable (State) -> String
  let purpose: @Sendable (Request) -> String
  let kept: @Sendable (State) -> AnyObject?

  /// - Parameter kept: what the state refers to weakly, and the other closures look at. It lives until the lock of the
  ///   wait point is free again: whoever lets it go last ends the wait point, too, which takes that lock.
  @usableFromInline
  package init(
    holders: @escaping @Sendable (State) -> ObservedObject.Holders = { _ in .unknown },
    state: @escaping @Sendable (State) -> String = { _ in "" },
    purpose: @escaping @Sendable (Request) -> String = { _ in "" },
    kept: @escaping @Sendable (State) -> AnyObject? = { _ in nil }
  ) {
    self.holders = holders
    self.state = state
    self.purpose = purpose
    self.kept = kept
  }
}

/// The waits at a wait point, for diagnosis: made at its first wait.
@usableFromInline
final class WaitPointSource<State: Sendable, Request: Sendable>: WaitSource {
  private let guarded: Lock<WaitPoint<State, Request>.Guarded>
  private let identity: ObjectIdentity
  private let description: WaitDescription<State, Request>
  private let id: UInt

  @usableFromInline
  init(of point: WaitPoint<State, Request>) {
    guarded = point.guarded
    identity = point.identity
    description = point.description
    id = point.id
  }

  @usableFromInline
  func observeWaits() -> [ObservedWait]? {
    // What takes time, and what the user has written, comes after the lock.
    typealias Waiting = [(asker: Asker, request: Request)]
    let seen = try? guarded.tryLock { guarded -> (ObservedObject, Waiting, AnyObject?) in
      let kept = description.kept(guarded.state)
      let object = ObservedObject(
        id: id, kind: "\(identity.kind)", name: identity.name, place: identity.place,
        holders: description.holders(guarded.state), state: description.state(guarded.state))
      var waiting: Waiting = []
      var next = guarded.queue.first
      while let place = next {
        next = place.next
        waiting.append((place.asker, place.request))
      }
      return (object, waiting, kept)
    }
    guard let (object, waiting, kept) = seen else { return nil }
    withExtendedLifetime(kept) {}
    let named = object.withNames
    return waiting.map { $0.asker.wait(for: named, purpose: description.purpose($0.request)) }
  }
}
