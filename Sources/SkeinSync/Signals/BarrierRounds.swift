/// The state of a barrier: who of one generation after another has come, and what becomes of them.
///
/// ```text
///              n-th arrival, no action: all go on
///            ┌────────────────┐
///            ▼                │     n-th arrival      action returns: all go on
///         filling ────────────┴──────────────► acting ─────────► filling
///            │ ▲                                  │
///   time-out │ │ reset                            │ action throws
///   or abort ▼ │                                  ▼
///          broken ◄───────────────────────────────┘
/// ```
///
/// The next generation fills up while an action runs, and can be broken and mended beside it: parties that
/// have met are past all that.
struct BarrierRounds: Sendable {
  typealias Queue = WaitPoint<BarrierRounds, Turn>.Guarded

  /// What becomes of a party.
  enum Turn: Sendable {
    case waits
    /// It goes on, as the party with this index.
    case passes(Int)
    /// It came last: it runs the action for its generation, then all go on.
    case leads(generation: Int)
    case isBroken
  }

  let parties: Int
  let hasAction: Bool
  private(set) var isBroken = false
  /// Moves on when the parties have met, and with a reset.
  private(set) var generation = 0
  /// The parties that have met and wait for the action that one of them runs.
  private var met: [WaitQueue<Turn>.Place] = []
  private var isActing = false
  /// A newcomer has just completed the generation: those who wait are to be called.
  private var isComplete = false

  init(parties: Int, hasAction: Bool) {
    self.parties = parties
    self.hasAction = hasAction
  }

  /// Completes the generation by one more party, which is then told what to do.
  private mutating func complete() -> Turn {
    generation += 1
    isActing = hasAction
    return hasAction ? .leads(generation: generation) : .passes(parties - 1)
  }

  /// Says what a newcomer does: `false` when it has to wait for others.
  static func admit(_ guarded: inout Queue, _ turn: inout Turn) -> Bool {
    if guarded.state.isBroken {
      turn = .isBroken
      return true
    }
    guard !guarded.state.isActing, guarded.queue.count + 1 == guarded.state.parties else { return false }
    turn = guarded.state.complete()
    guarded.state.isComplete = true
    return true
  }

  /// Lets go whoever can go on, or can not any more.
  static func settle(_ guarded: inout Queue, _ wakes: inout WakeList) {
    if guarded.state.isComplete {
      guarded.state.isComplete = false
      call(&guarded, &wakes)
    }
    if !guarded.state.isActing { release(&guarded.state.met, &wakes) }
    if guarded.state.isBroken {
      while let place = guarded.queue.first { end(place, .isBroken, &guarded, &wakes) }
    }
    // More parties than one generation takes may have come while an action ran.
    while !guarded.state.isActing, guarded.queue.count >= guarded.state.parties {
      let turn = guarded.state.complete()
      call(&guarded, &wakes)
      end(guarded.queue.first!, turn, &guarded, &wakes)
    }
  }

  /// Gives the first n - 1 who wait their indices, to go on at once or after the action.
  private static func call(_ guarded: inout Queue, _ wakes: inout WakeList) {
    for index in 0..<(guarded.state.parties - 1) {
      let place = guarded.queue.first!
      guard guarded.state.isActing else {
        end(place, .passes(index), &guarded, &wakes)
        continue
      }
      _ = guarded.queue.remove(place)
      place.request = .passes(index)
      guarded.state.met.append(place)
    }
  }

  private static func end(
    _ place: WaitQueue<Turn>.Place, _ turn: Turn, _ guarded: inout Queue, _ wakes: inout WakeList
  ) {
    _ = guarded.queue.remove(place)
    place.request = turn
    if place.waiter.claim(.granted) { wakes.append(place.waiter) }
  }

  private static func release(_ met: inout [WaitQueue<Turn>.Place], _ wakes: inout WakeList) {
    for place in met where place.waiter.claim(.granted) { wakes.append(place.waiter) }
    met.removeAll(keepingCapacity: true)
  }

  /// Ends the action of a generation; with a failure, nobody of it goes on.
  mutating func endAction(of generation: Int, hasFailed: Bool) {
    isActing = false
    guard hasFailed else { return }
    for place in met { place.request = .isBroken }
    // A reset in the meantime has mended the barrier for those who come.
    if generation == self.generation { isBroken = true }
  }

  mutating func breakUp() { isBroken = true }

  mutating func mend() {
    isBroken = false
    generation += 1
  }
}
