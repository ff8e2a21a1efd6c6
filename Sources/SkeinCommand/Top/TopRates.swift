internal import SkeinSync

/// How many jobs came and ended in a second, on average over some seconds.
struct TopRates: Hashable, Sendable, Encodable {
  /// Over how many seconds.
  var seconds: Double
  var enqueued: Double
  var succeeded: Double
  var failed: Double
  /// Of any end, also jobs that were cancelled or expired.
  var ended: Double
}

/// Measures rates from running totals that are noted now and then.
struct TopRateMeter: Sendable {
  /// What has happened since the beginning.
  struct Totals: Hashable, Sendable {
    var enqueued = 0
    var succeeded = 0
    var failed = 0
    var ended = 0

    static func + (left: Totals, right: Totals) -> Totals {
      Totals(
        enqueued: left.enqueued + right.enqueued, succeeded: left.succeeded + right.succeeded,
        failed: left.failed + right.failed, ended: left.ended + right.ended)
    }
  }

  private struct Mark {
    var at: MonotonicClock.Instant
    var totals: [String: Totals]
  }

  /// The span that rates are taken over, as soon as it has passed.
  static let window = Duration.seconds(10)

  /// By queue.
  var totals: [String: Totals] = [:]
  private var marks: [Mark] = []

  init() {}

  /// Notes the totals as they are at a time.
  mutating func mark(at time: MonotonicClock.Instant) {
    marks.append(Mark(at: time, totals: totals))
    // The first one that is kept is as old as the window, or the last that is older.
    while marks.count > 2, marks[1].at.duration(to: time) >= Self.window { marks.removeFirst() }
  }

  /// The rates of a queue, or of all; `nil` before the second mark.
  func rates(of queue: String? = nil) -> TopRates? {
    guard let first = marks.first, let last = marks.last, first.at < last.at else { return nil }
    let seconds = first.at.duration(to: last.at) / .seconds(1)
    let (old, new) = (Self.total(first, queue), Self.total(last, queue))
    func rate(_ value: (Totals) -> Int) -> Double { Double(value(new) - value(old)) / seconds }
    return TopRates(
      seconds: seconds, enqueued: rate(\.enqueued), succeeded: rate(\.succeeded), failed: rate(\.failed),
      ended: rate(\.ended))
  }

  private static func total(_ mark: Mark, _ queue: String?) -> Totals {
    if let queue { return mark.totals[queue] ?? Totals() }
    return mark.totals.values.reduce(Totals(), +)
  }
}
