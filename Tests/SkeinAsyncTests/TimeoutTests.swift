import SkeinAsync
import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

private enum Trace {
  @TaskLocal static var id = 0
}

/// Waits until its task is cancelled.
private func waitForEver() async throws {
  do { try await Event(name: "never").wait() } catch { throw CancellationError() }
}

@Suite("withTimeout")
struct TimeoutTests {
  let clock = ManualClock()

  // MARK: Without a timeout

  @Test("it gives the body's value or error, and leaves nothing scheduled")
  func outcome() async throws {
    #expect(try await withTimeout(.seconds(1), clock: clock) { 42 } == 42)
    await #expect(throws: Refused()) { try await withTimeout(.seconds(1), clock: clock) { throw Refused() } }
    #expect(clock.scheduledCount == 0)
  }

  @Test("a body that suspends gives its value too")
  func suspending() async throws {
    let ready = Event()
    let work = Task { [clock] in
      try await withTimeout(.seconds(1), clock: clock) {
        try await ready.wait()
        return "done"
      }
    }
    try await clock.waitUntilScheduled()
    ready.set()
    #expect(try await work.value == "done")
    #expect(clock.scheduledCount == 0)
  }

  @Test("a body may change the caller's variables and return what is not Sendable")
  func captures() async throws {
    final class Page { var title = "" }
    var count = 0
    let page = try await withTimeout(.seconds(60)) {
      count += 1
      let page = Page()
      page.title = "title"
      return page
    }
    #expect(count == 1 && page.title == "title")
  }

  // MARK: Timing out

  @Test("at the deadline the body is cancelled, and the error says which deadline it was")
  func timesOut() async throws {
    let work = Task { [clock] in try await withTimeout(.seconds(2), clock: clock) { try await waitForEver() }
    }
    try await clock.waitUntilScheduled()
    clock.advance(by: .seconds(2))
    let error = await #expect(throws: TimeoutError.self) { try await work.value }
    #expect(error?.timeout == .seconds(2))
    #expect(error?.cause is CancellationError)
    #expect(error?.description == "the work did not end within 2.0 seconds")
  }

  @Test("what the body throws after the deadline is the cause")
  func cause() async throws {
    let work = Task { [clock] in
      try await withTimeout(.seconds(1), clock: clock) {
        try? await waitForEver()
        throw Refused()
      }
    }
    try await clock.waitUntilScheduled()
    clock.advanceToNext()
    let error = await #expect(throws: TimeoutError.self) { try await work.value }
    #expect(error?.cause is Refused)
    #expect(error?.description.contains("Refused") == true)
  }

  @Test("a body that returns a value in spite of the deadline is heard")
  func valueWins() async throws {
    let work = Task { [clock] in
      try await withTimeout(.seconds(1), clock: clock) {
        try? await waitForEver()
        return "value"
      }
    }
    try await clock.waitUntilScheduled()
    clock.advanceToNext()
    #expect(try await work.value == "value")
  }

  @Test("the call waits for the end of its body")
  func structured() async throws {
    let (signals, mayEnd) = (TestSignals<String>(), Event())
    let work = Task { [clock] in
      defer { signals.reach("returned") }
      try await withTimeout(.seconds(1), clock: clock) {
        try? await waitForEver()
        signals.reach("cancelled")
        // An unstructured task is not cancelled with this one.
        await Task { try? await mayEnd.wait() }.value
        throw Refused()
      }
    }
    try await clock.waitUntilScheduled()
    clock.advanceToNext()
    try await signals.wait(for: "cancelled")
    #expect(signals.count(of: "returned") == 0)
    mayEnd.set()
    await #expect(throws: TimeoutError.self) { try await work.value }
  }

  @Test("a body without time is not started", arguments: [Duration.zero, .seconds(-1)])
  func noTime(timeout: Duration) async {
    var isStarted = false
    let error = await #expect(throws: TimeoutError.self) {
      try await withTimeout(timeout, clock: clock) { isStarted = true }
    }
    #expect(!isStarted && error?.timeout == timeout && error?.cause == nil)
  }

  @Test("a deadline may be given as an instant, which may have passed")
  func instant() async throws {
    clock.advance(by: .seconds(10))
    #expect(try await withDeadline(.init(offset: .seconds(11)), clock: clock) { 1 } == 1)
    await #expect(throws: TimeoutError.self) {
      try await withDeadline(.init(offset: .seconds(10)), clock: clock) { 1 }
    }
  }

  @Test("the real clock times out too")
  func realClock() async {
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.milliseconds(2)) { try await waitForEver() }
    }
  }

  // MARK: Cancellation

  @Test("a cancellation from outside is passed on and is no timeout")
  func outerCancellation() async throws {
    let work = Task { [clock] in try await withTimeout(.seconds(1), clock: clock) { try await waitForEver() }
    }
    try await clock.waitUntilScheduled()
    work.cancel()
    await #expect(throws: CancellationError.self) { try await work.value }
    #expect(clock.scheduledCount == 0)
  }

  @Test("a deadline that passes while a cancelled body ends makes it no timeout")
  func cancellationFirst() async throws {
    let (signals, mayEnd) = (TestSignals<String>(), Event())
    let work = Task { [clock] in
      try await withTimeout(.seconds(1), clock: clock) {
        try? await waitForEver()
        signals.reach("cancelled")
        await Task { try? await mayEnd.wait() }.value
        throw Refused()
      }
    }
    try await clock.waitUntilScheduled()
    work.cancel()
    try await signals.wait(for: "cancelled")
    clock.advanceToNext()
    mayEnd.set()
    await #expect(throws: Refused()) { try await work.value }
  }

  @Test("a body of a task that is cancelled already finds itself cancelled")
  func cancelledBefore() async throws {
    let work = Task { [clock] in
      withUnsafeCurrentTask { $0?.cancel() }
      return try await withTimeout(.seconds(1), clock: clock) { Task.isCancelled }
    }
    #expect(try await work.value)
  }

  @Test("the caller is not cancelled by a timeout in it")
  func callerGoesOn() async throws {
    let work = Task { [clock] in
      try? await withTimeout(.seconds(1), clock: clock) { try await waitForEver() }
      return Task.isCancelled
    }
    try await clock.waitUntilScheduled()
    clock.advanceToNext()
    #expect(await work.value == false)
  }

  // MARK: Nesting

  @Test("the nearest of nested deadlines ends its own body", arguments: [(1, 5), (5, 1)])
  func nested(outer: Int, inner: Int) async throws {
    let work = Task { [clock] in
      try await withTimeout(.seconds(outer), clock: clock) {
        try await withTimeout(.seconds(inner), clock: clock) { try await waitForEver() }
      }
    }
    try await clock.waitUntilScheduled(count: 2)
    clock.advanceToNext()
    let error = await #expect(throws: TimeoutError.self) { try await work.value }
    #expect(error?.timeout == .seconds(1))
    #expect(clock.scheduledCount == 0)
  }

  // MARK: Surroundings

  @Test("the body runs in the caller's isolation, with its task-locals")
  @MainActor
  func surroundings() async throws {
    try await Trace.$id.withValue(7) {
      try await withTimeout(.seconds(60)) {
        MainActor.assertIsolated()
        #expect(Trace.id == 7)
        await Task.yield()
        MainActor.assertIsolated()
      }
      MainActor.assertIsolated()
    }
  }

  @Test("the body of an actor's method runs on the actor, through a function that is isolated to nobody")
  func actorIsolation() async throws {
    try await Counter().increment()
  }
}

private actor Counter {
  private var count = 0

  func increment() async throws {
    try await indirectly {
      count += 1
      assertIsolated()
      await Task.yield()
      assertIsolated()
    }
  }

  private nonisolated(nonsending) func indirectly(_ body: () async throws -> Void) async throws {
    try await withTimeout(.seconds(60)) {
      assertIsolated()
      try await body()
      assertIsolated()
    }
  }
}
