internal import Glibc
internal import SkeinSync

/// Looks at all waits, and looks again where a circle must be told from an accident of looking at one object
/// after another.
///
/// A circle in the first look is real when each of its waits is in a second look too and began before the
/// first one started: then all of its parties were blocked while the first look read who holds what, so that
/// nobody can have taken or let go of anything in between.
struct SnapshotTaker {
  var clock: MonotonicClock
  /// The waits at this instant, and how many objects could not be read.
  var observe: () -> (waits: [ObservedWait], busySources: Int)
  /// Completes what the objects tell by what was seen from outside: where holders took them.
  var complete: ([ObservedWait]) -> [ObservedWait] = { $0 }
  var uses: () -> [UInt: RecentUses] = { [:] }
  var nap: (Duration) -> Void

  /// Waits know their beginning to the scheduler's tick.
  private static let tick = Duration.milliseconds(10)
  private static let mostLooks = 3

  func take() -> WaitGraph {
    var look = 1
    while true {
      let start = clock.now
      let observed = observe()
      let waits = complete(observed.waits)
      var deadlocks = DeadlockAnalysis.deadlocks(waits, uses: uses())
      let doubtful =
        deadlocks.contains { $0.certainty == .certain } ? confirm(&deadlocks, since: start) : false
      if !doubtful || look == Self.mostLooks {
        return WaitGraph(
          waits: waits, deadlocks: deadlocks, instant: start, busySources: observed.busySources)
      }
      look += 1
      nap(Self.tick)
    }
  }

  /// Makes likely ones of the certain deadlocks that a second look does not confirm. Returns whether there
  /// were any.
  private func confirm(_ deadlocks: inout [Deadlock], since start: MonotonicClock.Instant) -> Bool {
    struct Waiting: Hashable {
      var party: Party
      var object: UInt
    }
    let latest = start.advanced(by: .zero - Self.tick)
    let old = observe().waits.filter { $0.since <= latest }
    let confirmed = Set(old.map { Waiting(party: $0.party, object: $0.object.id) })
    var isDoubtful = false
    for index in deadlocks.indices where deadlocks[index].certainty == .certain {
      let isConfirmed = deadlocks[index].links.allSatisfy {
        confirmed.contains(Waiting(party: $0.wait.party, object: $0.wait.object.id))
      }
      guard !isConfirmed else { continue }
      deadlocks[index].certainty = .likely
      isDoubtful = true
    }
    return isDoubtful
  }
}

/// Lets the calling thread sleep, for less when a signal comes.
func sleepBriefly(_ duration: Duration) {
  var span = timespec(tv_sec: 0, tv_nsec: Int(duration.saturatingNanoseconds))
  nanosleep(&span, nil)
}
