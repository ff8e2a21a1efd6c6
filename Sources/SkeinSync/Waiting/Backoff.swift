internal import CSkein
internal import Glibc

/// How a thread passes the time before it sleeps: some pauses that grow, then its turns of the processor.
///
/// Who looks all the time takes the cache line from the one that works; who spins on for long stands in the
/// way of whom it waits for.
///
/// - Source: the spinning of parking_lot and crossbeam.
@usableFromInline
package struct Backoff {
  private var round = 0

  private static let pauses = 3
  private static let yields = 7

  @usableFromInline
  package init() {}

  /// Waits a little longer than the last time; `false` when it is time to sleep.
  @usableFromInline
  package mutating func pause() -> Bool {
    defer { round += 1 }
    guard round < Self.pauses + Self.yields else { return false }
    if round < Self.pauses {
      for _ in 0..<(2 << round) { skein_spin_hint() }
    } else {
      sched_yield()
    }
    return true
  }
}
