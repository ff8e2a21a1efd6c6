internal import CSkein

/// What a primitive tells diagnosis about its state and about what is asked of it.
@usableFromInline
package struct WaitDescription<State: Sendable, Request: Sendable>: Sendable {
  let holders: @Sendable (State) -> ObservedObject.Holders
  let state: @Sendable (State) -> String
  let purpose: @Sendable (Request) -> String

  @usableFromInline
  package init(
    holders: @escaping @Sendable (State) -> ObservedObject.Holders = { _ in .unknown },
    state: @escaping @Sendable (State) -> String = { _ in "" },
    purpose: @escaping @Sendable (Request) -> String = { _ in "" }
  ) {
    self.holders = holders
    self.state = state
    self.purpose = purpose
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
    let seen = try? guarded.tryLock { guarded -> (ObservedObject, [(asker: Asker, request: Request)]) in
      let object = ObservedObject(
        id: id, kind: "\(identity.kind)", name: identity.name, place: identity.place,
        holders: description.holders(guarded.state), state: description.state(guarded.state))
      var waiting: [(asker: Asker, request: Request)] = []
      var next = guarded.queue.first
      while let place = next {
        next = place.next
        waiting.append((place.asker, place.request))
      }
      return (object, waiting)
    }
    guard let (object, waiting) = seen else { return nil }
    let named = object.withNames
    return waiting.map { $0.asker.wait(for: named, purpose: description.purpose($0.request)) }
  }
}
