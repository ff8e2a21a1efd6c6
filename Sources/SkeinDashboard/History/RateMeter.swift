internal import SkeinSync

/// How many jobs of each queue came and ended in a second, over the last minute.
struct RateMeter: Sendable {
  /// A queue's rates.
  struct Rates: Codable, Hashable, Sendable {
    var enqueued = 0.0
    var ended = 0.0
    var failed = 0.0

    init() {}
  }

  private struct Slot: Sendable {
    var number: Int64
    var queues: [String: Rates] = [:]
  }

  private static let slotSeconds: Int64 = 5
  private static let slotCount: Int64 = 12

  /// The oldest first.
  private var slots: [Slot] = []
  private let start: MonotonicClock.Instant

  /// Begins to measure.
  init(at start: MonotonicClock.Instant) { self.start = start }

  /// Counts something of a queue at a time.
  mutating func note(_ queue: String, at now: MonotonicClock.Instant, _ change: (inout Rates) -> Void) {
    let number = Self.number(now)
    if slots.last?.number != number {
      slots.append(Slot(number: number))
      slots.removeAll { $0.number <= number - Self.slotCount }
    }
    change(&slots[slots.count - 1].queues[queue, default: Rates()])
  }

  /// The rates of each queue in which something happened, in a second.
  func rates(at now: MonotonicClock.Instant) -> [String: Rates] {
    let window = min(
      Double(Self.slotSeconds * (Self.slotCount - 1)), max(1, start.duration(to: now) / .seconds(1)))
    let oldest = Self.number(now) - Self.slotCount
    var sums: [String: Rates] = [:]
    for slot in slots where slot.number > oldest {
      for (queue, counts) in slot.queues {
        sums[queue, default: Rates()].enqueued += counts.enqueued / window
        sums[queue, default: Rates()].ended += counts.ended / window
        sums[queue, default: Rates()].failed += counts.failed / window
      }
    }
    return sums
  }

  private static func number(_ time: MonotonicClock.Instant) -> Int64 {
    time.nanoseconds / (slotSeconds * 1_000_000_000)
  }
}
