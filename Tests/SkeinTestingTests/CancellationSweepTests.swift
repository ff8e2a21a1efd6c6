import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

/// One permit for tasks, with one of the known faults of semaphores, or none.
private final class FaultySemaphore: Sendable {
  enum Fault { case none, dropsGrant, ignoresCancellation }

  private struct State: Sendable {
    var isTaken = false
    var waiters: [(id: Int, continuation: UnsafeContinuation<Bool, Never>)] = []
    var cancelled: Set<Int> = []
  }

  private let fault: Fault
  private let state = Lock(State())
  var isFree: Bool { state.withLock { !$0.isTaken } }

  init(_ fault: Fault) { self.fault = fault }

  func acquire(as id: Int) async throws {
    let isGranted = await withTaskCancellationHandler {
      await withUnsafeContinuation { enter(id, $0) }
    } onCancel: {
      if fault != .ignoresCancellation { cancel(id) }
    }
    if fault == .dropsGrant && Task.isCancelled { throw CancellationError() }
    guard isGranted else { throw CancellationError() }
  }

  private func enter(_ id: Int, _ continuation: UnsafeContinuation<Bool, Never>) {
    let early: Bool? = state.withLock { state in
      if state.cancelled.contains(id) { return false }
      guard state.isTaken else {
        state.isTaken = true
        return true
      }
      state.waiters.append((id, continuation))
      return nil
    }
    if let early { continuation.resume(returning: early) }
  }

  private func cancel(_ id: Int) {
    let waiter = state.withLock { state in
      state.cancelled.insert(id)
      let index = state.waiters.firstIndex { $0.id == id }
      return index.map { state.waiters.remove(at: $0).continuation }
    }
    waiter?.resume(returning: false)
  }

  func release() {
    let next = state.withLock { state in
      state.isTaken = !state.waiters.isEmpty
      return state.waiters.isEmpty ? nil : state.waiters.removeFirst().continuation
    }
    next?.resume(returning: true)
  }
}

@Suite("sweepCancellations")
struct CancellationSweepTests {
  @Test("each moment has one run, from before the first step to after the last, in every order")
  func moments() async throws {
    let moments = Lock<[[Int?]]>([])
    let runs = try await sweepCancellations(
      orders: [.arrival, .random(seed: 7)], makeScenario: {},
      victim: { _ in for _ in 0..<3 { await Task.yield() } },
      others: [{ _ in await Task.yield() }]
    ) { _, run in
      #expect(run.steps >= 6, "\(run)")
      if run.cancelledAfter == nil { moments.withLock { $0.append([nil] + Array(0...run.steps)) } }
      let expected = moments.withLock { $0[$0.count - 1].removeFirst() }
      #expect(run.cancelledAfter == expected, "\(run)")
    }
    #expect(moments.withLock { $0 } == [[], []])
    #expect(runs >= 16)
  }

  @Test("the victim is cancelled between any two of its steps")
  func exactness() async throws {
    let seen = Lock<[Int]>([])
    try await sweepCancellations(
      orders: [.arrival], makeScenario: { Lock(0) },
      victim: { count in
        for _ in 0..<4 {
          if !Task.isCancelled { count.withLock { $0 += 1 } }
          await Task.yield()
        }
      }
    ) { count, run in
      let count = count.withLock { $0 }
      if run.cancelledAfter != nil { seen.withLock { $0.append(count) } } else { #expect(count == 4) }
    }
    let all = seen.withLock { $0 }
    #expect(Set(all) == [0, 1, 2, 3, 4])
    #expect(all == all.sorted())
  }

  @Test("what the victim returns or throws reaches the check")
  func outcomes() async throws {
    try await sweepCancellations(
      orders: [.arrival], makeScenario: {},
      victim: { _ in
        try Task.checkCancellation()
        return 42
      }
    ) { _, run in
      guard run.cancelledAfter == 0 else {
        let value = try run.outcome.get()
        return #expect(value == 42)
      }
      #expect(run.error is CancellationError)
      #expect(
        run.description.hasPrefix("cancelled after step 0, in the order of arrival, the victim threw"))
    }
  }

  @Test("a sound semaphore passes")
  func sound() async throws {
    try await sweep(.none)
  }

  @Test("a semaphore that drops a grant is found, between the grant and the return of its caller")
  func droppedGrant() async {
    let failure = await #expect(throws: SweepFailure.self) { try await sweep(.dropsGrant) }
    #expect(failure?.order == .arrival)
    #expect(failure?.cancelledAfter ?? 0 > 0)
    guard case .checkFailed(let error)? = failure?.reason else {
      Issue.record("\(failure as Any)")
      return
    }
    #expect(error is Refused)
  }

  @Test("a wait that a cancellation does not end is found, and said to hang")
  func hang() async {
    let failure = await #expect(throws: SweepFailure.self) {
      try await sweepCancellations(
        orders: [.arrival], makeScenario: { FaultySemaphore(.ignoresCancellation) },
        victim: { semaphore in
          try await semaphore.acquire(as: 0)
          try await semaphore.acquire(as: 0)
        }
      ) { _, _ in }
    }
    #expect(
      failure?.description
        == "with nothing cancelled, in the order of arrival: nothing is left to run, and the victim has not ended"
    )
  }

  @Test("time is moved when nothing else can happen")
  func idle() async throws {
    try await sweepCancellations(
      makeScenario: { ManualClock() },
      victim: { clock in try await clock.sleep(until: .init(offset: .seconds(1))) },
      others: [{ clock in try await clock.sleep(until: .init(offset: .seconds(2))) }],
      whenIdle: { $0.advanceToNext() != nil }
    ) { clock, run in
      #expect(clock.scheduledCount == 0 && clock.now.offset == .seconds(2), "\(run)")
      #expect((run.error == nil) == (run.cancelledAfter.map { $0 > 2 } ?? true), "\(run)")
    }
  }

  @Test("a run without end is an error")
  func endless() async {
    let failure = await #expect(throws: SweepFailure.self) {
      try await sweepCancellations(
        stepLimit: 20, makeScenario: {},
        victim: { _ in while !Task.isCancelled { await Task.yield() } }, check: { _, _ in })
    }
    #expect(failure?.description.hasSuffix("the run has not ended after 20 steps") == true)
  }

  @Test("an error of another task, and one of the check, fail the sweep and say where")
  func errors() async {
    let other = await #expect(throws: SweepFailure.self) {
      try await sweepCancellations(
        makeScenario: {}, victim: { _ in }, others: [{ _ in }, { _ in throw Refused() }], check: { _, _ in })
    }
    #expect(other?.description == "with nothing cancelled, in the order of arrival: other 1 threw Refused()")
    let check = await #expect(throws: SweepFailure.self) {
      try await sweepCancellations(
        makeScenario: {}, victim: { _ in },
        check: { _, run in if run.cancelledAfter == 1 { throw Refused() } })
    }
    #expect(
      check?.description == "cancelled after step 1, in the order of arrival: the check threw Refused()")
  }

  private func sweep(_ fault: FaultySemaphore.Fault) async throws {
    @Sendable func visit(_ semaphore: FaultySemaphore, _ id: Int) async throws {
      try await semaphore.acquire(as: id)
      await Task.yield()
      semaphore.release()
    }
    try await sweepCancellations(
      makeScenario: { FaultySemaphore(fault) },
      victim: { try await visit($0, 0) },
      others: [{ try await visit($0, 1) }, { try await visit($0, 2) }]
    ) { semaphore, run in
      if !semaphore.isFree { throw Refused() }
    }
  }
}
