/// Decides whether tasks run: pure, fed with instants.
///
/// A beat is sent to the pool as a task. While none is out, each tick sends one; a beat that is not back
/// after the threshold is a stall, which is told once, and told to be over when the beat comes at last.
///
/// | beat | event | action | next |
/// |---|---|---|---|
/// | none is out | tick | send one | out |
/// | out | tick before the threshold | – | out |
/// | out | tick at the threshold or later | tell the stall | overdue |
/// | overdue | tick | – | overdue |
/// | out | beat | – | none is out |
/// | overdue | beat | tell the end | none is out |
///
/// A tick that comes much too late says that the whole process stood still (stopped by a debugger, frozen
/// with its machine): the beat that is out gets its time anew.
struct StallWatch<Instant: InstantProtocol> where Instant.Duration == Swift.Duration {
  enum Action: Equatable {
    case none
    case sendBeat
    /// Nothing ran for so long.
    case tellStall(Duration)
    /// Tasks run again, after so long.
    case tellEnd(Duration)
  }

  let threshold: Duration
  /// Between two ticks.
  var period: Duration { threshold / 2 }

  private var sentAt: Instant?
  private var isTold = false
  private var lastTick: Instant?

  /// - Precondition: the threshold is positive.
  init(threshold: Duration) {
    precondition(threshold > .zero, "a stall takes longer than \(threshold)")
    self.threshold = threshold
  }

  mutating func tick(at now: Instant) -> Action {
    defer { lastTick = now }
    guard var sent = sentAt else {
      sentAt = now
      return .sendBeat
    }
    if let lastTick, !isTold, lastTick.duration(to: now) > threshold {
      sent = now
      sentAt = now
    }
    let age = sent.duration(to: now)
    guard !isTold, age >= threshold else { return .none }
    isTold = true
    return .tellStall(age)
  }

  mutating func beat(at now: Instant) -> Action {
    guard let sent = sentAt else { return .none }
    defer { isTold = false }
    sentAt = nil
    return isTold ? .tellEnd(sent.duration(to: now)) : .none
  }
}
