import SkeinFutures
import SkeinSync
import SkeinTesting
import Testing

private struct Failed: Error, Equatable {}

@Suite("measure, of a synchronous closure")
struct MeasureTests {
  /// What a closure does that takes these times, one after the other.
  private final class Body: Sendable {
    let clock = ManualClock()
    let calls = Lock(0)

    /// Takes so many times as many milliseconds as it was called before.
    func callGrowing() {
      let call = calls.withLock { calls in
        calls += 1
        return calls
      }
      clock.advance(by: .milliseconds(call))
    }

    func call(taking span: Duration) {
      calls.withLock { $0 += 1 }
      clock.advance(by: span)
    }
  }

  @Test("each sample is what the call took; those that warm up are not counted")
  func samples() throws {
    let body = Body()
    let timing = try measure(iterations: 4, warmUp: 2, clock: body.clock) { body.callGrowing() }
    #expect(timing.samples == [3, 4, 5, 6].map { .milliseconds($0) } && timing.repetitions == 1)
    #expect(body.calls.withLock { $0 } == 6)
  }

  @Test("a call that is too short for the clock is repeated, and the sample is one call's part")
  func batches() throws {
    let body = Body()
    let timing = try measure(iterations: 3, warmUp: 1, clock: body.clock) {
      body.call(taking: .nanoseconds(10))
    }
    // A thousand steps of this clock are a microsecond: a hundred calls.
    #expect(timing.repetitions == 100 && timing.samples == Array(repeating: .nanoseconds(10), count: 3))
    #expect(body.calls.withLock { $0 } == 1 + 10 + 100 + 3 * 100)
  }

  @Test("with a number of repetitions there are no further calls")
  func repetitions() throws {
    let body = Body()
    let timing = try measure(iterations: 2, warmUp: 0, repetitions: 3, clock: body.clock) {
      body.callGrowing()
    }
    #expect(timing.samples == [.milliseconds(2), .milliseconds(5)] && timing.repetitions == 3)
    #expect(body.calls.withLock { $0 } == 6)
  }

  @Test("an error ends it at once and is thrown")
  func failure() {
    let calls = Lock(0)
    #expect(throws: Failed()) {
      try measure(clock: ManualClock()) {
        calls.withLock { $0 += 1 }
        throw Failed()
      }
    }
    #expect(calls.withLock { $0 } == 1)
  }

  @Test("numbers out of their range are refused before anything is called")
  func wrongNumbers() {
    func attempt(_ iterations: Int, _ warmUp: Int, _ repetitions: Int?) throws {
      _ = try measure(iterations: iterations, warmUp: warmUp, repetitions: repetitions) {
        Issue.record("it was called")
      }
    }
    #expect(throws: MeasureError.invalidIterations(0)) { try attempt(0, 1, nil) }
    #expect(throws: MeasureError.invalidIterations(-3)) { try attempt(-3, 1, nil) }
    #expect(throws: MeasureError.invalidWarmUp(-1)) { try attempt(1, -1, nil) }
    #expect(throws: MeasureError.invalidRepetitions(0)) { try attempt(1, 1, 0) }
  }

  @Test("real time passes, for a call of some nanoseconds too")
  func realClock() throws {
    let timing = try measure(iterations: 5) { blackHole(1) + 1 }
    #expect(timing.minimum > .zero && timing.repetitions > 1 && timing.iterations == 5)
    let longer = try measure(iterations: 5) { (0..<blackHole(20_000)).reduce(0) { $0 ^ $1 } }
    #expect(longer.minimum > timing.minimum)
  }

  @Test("what goes into a black hole comes out of it")
  func hole() {
    #expect(blackHole("text") == "text")
    blackHole(3)
  }
}

@Suite("measure, of an asynchronous closure")
struct AsyncMeasureTests {
  @Test("waits are part of what is measured")
  func waits() async throws {
    let clock = ManualClock()
    let timing = try await clock.run {
      try await measure(iterations: 5, warmUp: 1, clock: clock) {
        try await clock.sleep(until: clock.now.advanced(by: .milliseconds(3)))
      }
    }
    #expect(timing.samples == Array(repeating: .milliseconds(3), count: 5) && timing.repetitions == 1)
  }

  @Test("it runs on its caller's actor")
  @MainActor func isolation() async throws {
    let clock = ManualClock()
    var calls = 0
    let timing = try await measure(iterations: 2, warmUp: 0, repetitions: 2, clock: clock) {
      MainActor.assertIsolated()
      calls += 1
      await Task.yield()
      clock.advance(by: .seconds(calls))
    }
    #expect(timing.samples == [.seconds(1.5), .seconds(3.5)] && calls == 4)
  }

  @Test("short calls are repeated here too")
  func batches() async throws {
    let clock = ManualClock()
    let timing = try await measure(iterations: 2, warmUp: 2, clock: clock) {
      await Task.yield()
      clock.advance(by: .nanoseconds(100))
    }
    #expect(timing.repetitions == 10 && timing.samples == [.nanoseconds(100), .nanoseconds(100)])
  }

  @Test("a cancellation ends it, whether the closure minds it or not")
  func cancellation() async throws {
    let (clock, calls) = (ManualClock(), Lock(0))
    let waiting = Task {
      try await measure(clock: clock) { try await clock.sleep(until: clock.now.advanced(by: .seconds(1))) }
    }
    try await clock.waitUntilScheduled()
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }

    let stubborn = Task {
      try await measure(iterations: 1_000_000, warmUp: 0, repetitions: 1, clock: clock) {
        calls.withLock { $0 += 1 }
        await Task.yield()
      }
    }
    try await eventually("it is called") { calls.withLock { $0 } > 0 }
    stubborn.cancel()
    await #expect(throws: CancellationError.self) { try await stubborn.value }
  }

  @Test("a measurement that is cancelled in its last call has no result")
  func lateCancellation() async throws {
    let task = Task {
      try await measure(iterations: 1, warmUp: 0, repetitions: 1, clock: ManualClock()) {
        await Task.yield()
        withUnsafeCurrentTask { $0?.cancel() }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("errors are thrown, and wrong numbers refused")
  func errors() async {
    await #expect(throws: Failed()) {
      try await measure(clock: ManualClock()) {
        await Task.yield()
        throw Failed()
      }
    }
    await #expect(throws: MeasureError.invalidIterations(0)) {
      try await measure(iterations: 0) { await Task.yield() }
    }
  }
}
