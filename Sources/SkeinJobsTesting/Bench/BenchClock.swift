internal import FoundationEssentials
internal import SkeinSync

/// The time of a bench: it stands until it is moved, and never goes back.
final class BenchClock: Sendable {
  private let time: Lock<Date>

  init(start: Date) {
    time = Lock(start, name: "time of a bench")
  }

  var now: Date { time.withLock { $0 } }

  /// Moves on. A job that moves the time itself may have brought it further already; then it stays.
  func advance(to instant: Date) { time.withLock { $0 = max($0, instant) } }
}
