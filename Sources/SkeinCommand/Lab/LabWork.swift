internal import CSkein

/// Work that the experiments measure.
enum LabWork {
  /// The chapter's loop, on numbers so that the optimiser finds no formula for its result.
  static func count(to limit: Int) -> Int {
    var total = 0
    var number = 0
    while number < limit {
      total = total &* 31 &+ number &* number
      number += 1
    }
    return total
  }

  /// Computes until the calling thread has had a processor for this long.
  static func compute(for span: Duration) {
    let end = processorTime + span
    var total = 0
    while processorTime < end { total &+= count(to: 1000) }
    withExtendedLifetime(total) {}
  }

  /// Blocks the calling thread for this long: no processor is needed.
  static func wait(for span: Duration) { imitateWork(span) }

  private static var processorTime: Duration { .nanoseconds(skein_thread_nanoseconds()) }
}
