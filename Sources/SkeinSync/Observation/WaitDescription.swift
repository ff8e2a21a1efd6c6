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
    try? guarded.tryLock { guarded in
      let object = ObservedObject(
        id: id, kind: "\(identity.kind)", name: identity.name, place: identity.place,
        holders: description.holders(guarded.state), state: description.state(guarded.state))
      var waits: [ObservedWait] = []
      var next = guarded.queue.first
      while let place = next {
        next = place.next
        waits.append(place.asker.wait(for: object, purpose: description.purpose(place.request)))
      }
      return waits
    }
  }
}
