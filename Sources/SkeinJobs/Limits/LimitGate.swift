/// One limit at one moment: whether a further job may start. Pure; every store decides by it.
///
/// The rate is kept by the generic cell rate algorithm: one instant says it all, the earliest at which starts that are
/// evenly spread would let the next one through.
///
/// - Source: ITU-T I.371, annex A (GCRA, virtual scheduling).
struct LimitGate: Hashable, Sendable {
  /// What is allowed; `nil` when the limit was taken away.
  var limit: JobLimit?
  /// How many run.
  var running: Int
  /// When evenly spread starts would let the next one through, in microseconds since 1970.
  private(set) var earliest: Int64

  init(_ limit: JobLimit?, running: Int, earliest: Int64, now: Int64) {
    self.limit = limit
    self.running = running
    // A clock that was far ahead when this was noted was wrong then.
    let latest = limit?.rate.map { now + Int64($0.burst) * $0.interval } ?? now
    self.earliest = min(earliest, latest)
  }

  /// How many may start now.
  func room(now: Int64) -> Int {
    let places = limit?.concurrency.map { max(0, $0 - running) } ?? .max
    guard let rate = limit?.rate else { return places }
    let open = now + Int64(rate.burst) * rate.interval - max(earliest, now)
    return min(places, Int(max(0, open / rate.interval)))
  }

  /// When the rate lets the next one through; `nil` when it does so now, or there is no rate.
  func opening(now: Int64) -> Int64? {
    guard let rate = limit?.rate else { return nil }
    let instant = earliest - Int64(rate.burst - 1) * rate.interval
    return instant > now ? instant : nil
  }

  /// Notes a start.
  mutating func start(now: Int64) {
    running += 1
    guard let rate = limit?.rate else { return }
    earliest = max(earliest, now) + rate.interval
  }
}
