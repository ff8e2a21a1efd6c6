import Foundation
import Testing

@testable import SkeinJobs

@Suite("Lease")
struct LeaseTests {
  @Test(
    "a worker is judged by its lock on this boot, and by its lease on another",
    arguments: [
      ("boot", true, false, WorkerRecord.Liveness.alive), ("boot", true, true, .unresponsive),
      ("boot", false, false, .dead), ("boot", false, true, .dead), ("other", true, false, .alive),
      ("other", false, false, .alive), ("other", false, true, .dead), ("other", true, true, .dead),
    ])
  func judge(boot: String, isLocked: Bool, isOver: Bool, expected: WorkerRecord.Liveness) {
    let seen = Date(timeIntervalSince1970: 1000)
    let lease = Lease(bootID: "boot", until: 30_000_000_000, seenAt: seen)
    let wall = seen.addingTimeInterval(isOver ? 31 : 29)
    #expect(
      lease.judge(bootID: boot, isLocked: isLocked, now: isOver ? 31_000_000_000 : 29_000_000_000, wall: wall)
        == expected)
  }

  @Test("a lease of another boot that was seen long after the present is over: the clock was set back")
  func fromTheFuture() {
    let seen = Date(timeIntervalSince1970: 1000)
    let lease = Lease(bootID: "boot", until: 1, seenAt: seen)
    for (wall, expected) in [(971.0, WorkerRecord.Liveness.alive), (969, .dead), (-1_000_000, .dead)] {
      let now = Date(timeIntervalSince1970: wall)
      #expect(lease.judge(bootID: "other", isLocked: false, now: 0, wall: now) == expected)
    }
  }

  @Test("a fresh lease is of this boot and ends in the future")
  func fresh() {
    let lease = Lease.fresh()
    #expect(lease.bootID == Lease.currentBootID)
    #expect(
      lease.judge(bootID: Lease.currentBootID, isLocked: true, now: lease.until - 1, wall: Date()) == .alive)
  }
}
