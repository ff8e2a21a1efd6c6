import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

/// What became of a wait, in a form that can be compared.
enum BarrierOutcome: Hashable {
  case passed(Int), broken, timedOut, cancelled, closed, actionFailed

  init(_ wait: () async throws(BarrierError) -> Int) async {
    do throws(BarrierError) { self = .passed(try await wait()) } catch { self.init(error) }
  }

  init(blocking wait: () throws(BarrierError) -> Int) {
    do throws(BarrierError) { self = .passed(try wait()) } catch { self.init(error) }
  }

  private init(_ error: BarrierError) {
    self =
      switch error {
      case .broken: .broken
      case .timedOut: .timedOut
      case .cancelled: .cancelled
      case .closed: .closed
      case .actionFailed: .actionFailed
      }
  }
}

/// A task that waits at the barrier.
func party(at barrier: Barrier) -> Task<BarrierOutcome, Never> {
  Task { await BarrierOutcome { () async throws(BarrierError) in try await barrier.wait() } }
}

/// A thread that waits at the barrier.
func threadParty(at barrier: Barrier) -> Task<BarrierOutcome, any Error> {
  Task { try await onThread { BarrierOutcome { () throws(BarrierError) in try barrier.wait() } } }
}

@Suite("Barrier")
struct BarrierTests {
  // MARK: Meeting

  @Test("all go on when the last has come, with indices in the order of arrival, again and again")
  func meetings() async throws {
    let barrier = Barrier(parties: 3)
    #expect(barrier.parties == 3)
    for _ in 0..<3 {
      let first = party(at: barrier)
      try await eventually("one waits") { barrier.waiterCount == 1 }
      let second = threadParty(at: barrier)
      try await eventually("two wait") { barrier.waiterCount == 2 }
      #expect(await party(at: barrier).value == .passed(2))
      #expect(await first.value == .passed(0))
      #expect(try await second.value == .passed(1))
      #expect(barrier.waiterCount == 0 && !barrier.isBroken)
    }
  }

  @Test("a barrier for one does not wait, and runs its action each time")
  func single() async throws {
    let runs = Lock(0)
    let barrier = Barrier(parties: 1) { runs.withLock { $0 += 1 } }
    for _ in 0..<3 {
      let index = try await barrier.wait()
      #expect(index == 0)
    }
    let index = try await onThread { try barrier.wait(timeout: .zero) }
    #expect(index == 0 && runs.withLock { $0 } == 4)
  }

  @Test("tasks and threads meet many times, and nobody is a generation ahead", arguments: [2, 5])
  func stress(parties: Int) async throws {
    let (generation, indices) = (Lock(0), Lock([Int: Int]()))
    let barrier = Barrier(parties: parties) { generation.withLock { $0 += 1 } }
    let rounds = 60
    @Sendable func check(_ round: Int, _ index: Int) {
      // The action of this round has run, and that of the next can not have, without this party.
      precondition(generation.withLock { $0 } == round + 1)
      indices.withLock { $0[index, default: 0] += 1 }
    }
    async let threads: Void = onThreads(parties / 2) { _ in
      for round in 0..<rounds { check(round, try barrier.wait()) }
    }
    try await withThrowingTaskGroup { group in
      for _ in 0..<(parties - parties / 2) {
        group.addTask {
          for round in 0..<rounds { check(round, try await barrier.wait()) }
        }
      }
      try await group.waitForAll()
    }
    try await threads
    #expect(indices.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<parties).map { ($0, rounds) }))
    #expect(barrier.waiterCount == 0 && !barrier.isBroken)
  }

  // MARK: The action

  @Test("the action runs once, by the last party, before anybody goes on")
  func action() async throws {
    let log = Lock<[String]>([])
    let barrier = Barrier(parties: 2) { log.withLock { $0.append("action by \(Task.name ?? "a stranger")") } }
    let first = Task(name: "first") {
      try await barrier.wait()
      log.withLock { $0.append("on") }
    }
    try await eventually("one waits") { barrier.waiterCount == 1 }
    let last = Task(name: "last") {
      try await barrier.wait()
      log.withLock { $0.append("on") }
    }
    try await first.value
    try await last.value
    #expect(log.withLock { $0 } == ["action by last", "on", "on"])
  }

  @Test("an action that throws breaks the barrier: its runner gets the error, the others are told")
  func failingAction() async throws {
    let barrier = Barrier(parties: 3) { throw Refused() }
    let others = [party(at: barrier), party(at: barrier)]
    try await eventually("two wait") { barrier.waiterCount == 2 }
    do {
      try await barrier.wait()
      Issue.record("the error was lost")
    } catch .actionFailed(let error) {
      #expect(error as? Refused == Refused())
    } catch {
      Issue.record(error)
    }
    for other in others { #expect(await other.value == .broken) }
    #expect(barrier.isBroken)
    #expect(await party(at: barrier).value == .broken)
  }

  @Test("who has met is past cancellation, time-out, abort and close; the next generation is not")
  func decided() async throws {
    let (isActing, mayEnd, clock) = (Event(), Event(), ManualClock())
    let barrier = Barrier(parties: 3) {
      isActing.set()
      // What blocks here is the thread of the test's own party.
      try mayEnd.wait()
    }
    let cancelled = party(at: barrier)
    let timed = Task {
      await BarrierOutcome { () async throws(BarrierError) in
        try await barrier.wait(timeout: .seconds(1), clock: clock)
      }
    }
    try await eventually("two wait") { barrier.waiterCount == 2 }
    let leader = threadParty(at: barrier)
    try await isActing.wait()
    let next = party(at: barrier)
    try await eventually("one waits for the next meeting") { barrier.waiterCount == 1 }
    cancelled.cancel()
    clock.advance(by: .seconds(1))
    barrier.abort()
    #expect(await next.value == .broken)
    mayEnd.set()
    #expect(try await leader.value == .passed(2))
    #expect(Set([await cancelled.value, await timed.value]) == [.passed(0), .passed(1)])
    #expect(barrier.isBroken)
  }

  @Test("more parties than one meeting takes meet one after the other, though an action runs long")
  func oversubscribed() async throws {
    let (mayEnd, actions) = (Event(), Lock(0))
    let barrier = Barrier(parties: 2) {
      actions.withLock { $0 += 1 }
      try mayEnd.wait()
    }
    let parties = (0..<6).map { _ in threadParty(at: barrier) }
    try await eventually("the first meeting acts, and four wait for later ones") {
      barrier.waiterCount == 4 && actions.withLock { $0 } == 1
    }
    mayEnd.set()
    var outcomes: [BarrierOutcome: Int] = [:]
    for party in parties { outcomes[try await party.value, default: 0] += 1 }
    #expect(outcomes == [.passed(0): 3, .passed(1): 3])
    #expect(actions.withLock { $0 } == 3)
  }

  // MARK: Ends

  @Test("a party whose time is over breaks the barrier, for those who wait and those who come")
  func timeout() async throws {
    let (barrier, clock) = (Barrier(parties: 3), ManualClock())
    let patient = party(at: barrier)
    let timed = Task {
      try await onThread {
        BarrierOutcome { () throws(BarrierError) in try barrier.wait(timeout: .seconds(1), clock: clock) }
      }
    }
    try await eventually("two wait") { barrier.waiterCount == 2 }
    try await clock.waitUntilScheduled()
    clock.advance(by: .seconds(1))
    #expect(try await timed.value == .timedOut)
    #expect(await patient.value == .broken)
    #expect(barrier.isBroken)
    #expect(try await threadParty(at: barrier).value == .broken)
  }

  @Test("a wait ends on the real clock too", arguments: [Duration.seconds(-1), .zero, .milliseconds(2)])
  func realTimeout(timeout: Duration) async throws {
    for isThread in [false, true] {
      let barrier = Barrier(parties: 2)
      let outcome =
        if isThread {
          try await onThread {
            BarrierOutcome { () throws(BarrierError) in try barrier.wait(timeout: timeout) }
          }
        } else {
          await BarrierOutcome { () async throws(BarrierError) in try await barrier.wait(timeout: timeout) }
        }
      #expect(outcome == .timedOut && barrier.isBroken)
    }
  }

  @Test("a cancelled task just leaves: somebody else comes in its place, and indices stay unique")
  func cancellation() async throws {
    let barrier = Barrier(parties: 3)
    let leaver = party(at: barrier)
    try await eventually("one waits") { barrier.waiterCount == 1 }
    let stayer = party(at: barrier)
    try await eventually("two wait") { barrier.waiterCount == 2 }
    leaver.cancel()
    #expect(await leaver.value == .cancelled)
    #expect(barrier.waiterCount == 1 && !barrier.isBroken)
    let second = party(at: barrier)
    try await eventually("two wait again") { barrier.waiterCount == 2 }
    #expect(await party(at: barrier).value == .passed(2))
    #expect(await stayer.value == .passed(0))
    #expect(await second.value == .passed(1))
  }

  @Test("a task that is cancelled already completes a meeting, but does not wait for one")
  func cancelledBefore() async throws {
    let barrier = Barrier(parties: 2)
    @Sendable func cancelledParty() async -> BarrierOutcome {
      await Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return await BarrierOutcome { () async throws(BarrierError) in try await barrier.wait() }
      }.value
    }
    #expect(await cancelledParty() == .cancelled)
    let other = party(at: barrier)
    try await eventually("one waits") { barrier.waiterCount == 1 }
    #expect(await cancelledParty() == .passed(1))
    #expect(await other.value == .passed(0))
  }

  @Test("abort breaks the barrier until it is reset")
  func abort() async throws {
    let barrier = Barrier(parties: 2)
    let waiter = party(at: barrier)
    try await eventually("one waits") { barrier.waiterCount == 1 }
    barrier.abort()
    #expect(await waiter.value == .broken)
    #expect(try await threadParty(at: barrier).value == .broken)
    barrier.reset()
    #expect(!barrier.isBroken)
    let again = [party(at: barrier), party(at: barrier)]
    #expect(Set([await again[0].value, await again[1].value]) == [.passed(0), .passed(1)])
  }

  @Test("reset sends away who waits, and leaves the barrier as new")
  func reset() async throws {
    let barrier = Barrier(parties: 2)
    let waiter = threadParty(at: barrier)
    try await eventually("one waits") { barrier.waiterCount == 1 }
    barrier.reset()
    #expect(try await waiter.value == .broken)
    #expect(!barrier.isBroken && barrier.waiterCount == 0)
    let late = party(at: barrier)
    try await eventually("one waits") { barrier.waiterCount == 1 }
    #expect(await party(at: barrier).value == .passed(1))
    #expect(await late.value == .passed(0))
  }

  @Test("an action that fails after a reset does not break the barrier that was mended")
  func resetWhileActing() async throws {
    let (isActing, mayEnd) = (Event(), Event())
    let barrier = Barrier(parties: 2) {
      isActing.set()
      try mayEnd.wait()
    }
    let parties = [threadParty(at: barrier), threadParty(at: barrier)]
    try await isActing.wait()
    barrier.reset()
    mayEnd.close()
    let outcomes = Set([try await parties[0].value, try await parties[1].value])
    #expect(outcomes == [.broken, .actionFailed])
    #expect(!barrier.isBroken)
  }

  @Test("close ends every wait, now and later")
  func close() async throws {
    let barrier = Barrier(parties: 3)
    let (task, thread) = (party(at: barrier), threadParty(at: barrier))
    try await eventually("both wait") { barrier.waiterCount == 2 }
    barrier.close()
    #expect(await task.value == .closed)
    #expect(try await thread.value == .closed)
    #expect(await party(at: barrier).value == .closed)
  }

  @Test("a barrier without parties traps")
  func contracts() async {
    await #expect(processExitsWith: .failure) { _ = Barrier(parties: 0) }
    await #expect(processExitsWith: .failure) { _ = Barrier(parties: -1) }
  }
}
