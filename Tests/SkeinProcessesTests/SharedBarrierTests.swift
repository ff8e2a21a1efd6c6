import SkeinProcesses
import SkeinSync
import SkeinTesting
import Testing

@Suite("SharedBarrier")
struct SharedBarrierTests {
  @Test("a process, a thread and a task meet, round after round")
  func meeting() async throws {
    let things = try SharedThings()
    let barrier = things.barrier
    for _ in 0..<2 {
      let peer = try things.start("meet")
      #expect(try await peer.next() == "ready\n")
      async let thread = onThread { try barrier.wait() }
      async let task = barrier.wait()
      let ours = try await [thread, task]
      let other = try await peer.next().flatMap { Int($0.dropLast()) }
      #expect(Set(ours + [other ?? -1]) == [0, 1, 2])
      #expect(try await peer.end() == 0)
    }
    #expect(barrier.arrivedCount == 0 && !barrier.isBroken)
  }

  @Test("a party that is killed breaks the barrier, until it is reset")
  func deadParty() async throws {
    let things = try SharedThings()
    let barrier = things.barrier
    let peer = try things.start("meet")
    try await eventually("the peer has arrived") { barrier.arrivedCount == 1 }
    let task = Task { try await barrier.wait() }
    try await eventually("the task has arrived") { barrier.arrivedCount == 2 }
    try await peer.kill()
    #expect(!barrier.isBroken)
    SharedObjects.sweep(processID: peer.processID)
    let failure = await #expect(throws: BarrierError.self) { try await task.value }
    #expect(failure?.description == BarrierError.broken.description)
    barrier.reset()
    #expect(!barrier.isBroken && barrier.arrivedCount == 0)
  }

  @Test("a party that gives up breaks the barrier for the others")
  func givingUp() async throws {
    for isCancelled in [true, false] {
      let barrier = try SharedBarrier(parties: 3)
      let thread = Task { try await onThread { try barrier.wait() } }
      let clock = ManualClock()
      let task = Task { try await barrier.wait(timeout: .seconds(1), clock: clock) }
      try await eventually("both have arrived") { barrier.arrivedCount == 2 && clock.nextDeadline != nil }
      if isCancelled { task.cancel() } else { clock.advance(by: .seconds(1)) }
      let own = await #expect(throws: BarrierError.self) { try await task.value }
      #expect(own?.waitError == (isCancelled ? .cancelled : .timedOut))
      let other = await #expect(throws: BarrierError.self) { try await thread.value }
      #expect(other?.waitError == nil && barrier.isBroken)
    }
    #expect(throws: SharedMemoryError.invalidCount(0)) { try SharedBarrier(parties: 0) }
  }
}
