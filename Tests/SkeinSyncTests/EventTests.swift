import SkeinSync
import SkeinTesting
import Testing

@Suite("Event")
struct EventTests {
  let event = Event()

  @Test("setting lets go all tasks and threads that wait, and those that come")
  func set() async throws {
    let event = event
    let tasks = (0..<3).map { _ in Task { try await event.wait() } }
    let threads = (0..<3).map { _ in Task { try await onThread { try event.wait() } } }
    try await eventually("all wait") { event.waiterCount == 6 }
    #expect(!event.isSet)
    event.set()
    for waiter in tasks + threads { try await waiter.value }
    #expect(event.isSet && event.waiterCount == 0)
    try await event.wait()
    try await onThread { try event.wait() }
  }

  @Test("after a reset, who comes waits again; who waited before was let go")
  func reset() async throws {
    let event = event
    let early = Task { try await event.wait() }
    try await eventually("the first waits") { event.waiterCount == 1 }
    event.set()
    event.reset()
    try await early.value
    let late = Task { try await event.wait() }
    try await eventually("the second waits") { event.waiterCount == 1 }
    event.set()
    try await late.value
  }

  @Test("what is set stays so when it is closed, for whoever waits and for a select")
  func setAndClosed() async throws {
    event.set()
    event.close()
    try await event.wait()
    #expect(try await select { event.waiting { 1 } } == 1)
    event.reset()
    await #expect(throws: WaitError.closed) { try await event.wait() }
    await #expect(throws: WaitError.closed) { try await select { event.waiting {} } }
  }

  @Test("a wait ends at its deadline on the clock that it was given, in tasks and threads")
  func manualTimeout() async throws {
    let (event, clock) = (event, ManualClock())
    let task = Task { try await event.wait(timeout: .seconds(1), clock: clock) }
    let thread = Task { try await onThread { try event.wait(timeout: .seconds(1), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    clock.advance(by: .seconds(1))
    await #expect(throws: WaitError.timedOut) { try await task.value }
    await #expect(throws: WaitError.timedOut) { try await thread.value }
    #expect(event.waiterCount == 0)
  }

  @Test("a wait ends on the real clock too", arguments: [Duration.seconds(-1), .zero, .milliseconds(2)])
  func realTimeout(timeout: Duration) async throws {
    let event = event
    await #expect(throws: WaitError.timedOut) { try await event.wait(timeout: timeout) }
    await #expect(throws: WaitError.timedOut) { try await onThread { try event.wait(timeout: timeout) } }
    event.set()
    try await event.wait(timeout: timeout)
    try await onThread { try event.wait(timeout: timeout) }
  }

  @Test("a cancelled task leaves, the others stay")
  func cancellation() async throws {
    let event = event
    let tasks = (0..<3).map { _ in Task { try await event.wait() } }
    try await eventually("all wait") { event.waiterCount == 3 }
    tasks[1].cancel()
    await #expect(throws: WaitError.cancelled) { try await tasks[1].value }
    #expect(event.waiterCount == 2)
    event.set()
    try await tasks[0].value
    try await tasks[2].value
  }

  @Test("close ends every wait, now and later, but a set event is passed")
  func close() async throws {
    let event = event
    let task = Task { try await event.wait() }
    let thread = Task { try await onThread { try event.wait() } }
    try await eventually("both wait") { event.waiterCount == 2 }
    event.close()
    await #expect(throws: WaitError.closed) { try await task.value }
    await #expect(throws: WaitError.closed) { try await thread.value }
    await #expect(throws: WaitError.closed) { try await event.wait() }
    event.set()
    try await event.wait()
  }

  @Test("set and cancellation race, and each wait ends once", arguments: [1, 2])
  func race(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let event = Event()
      let waiter = Task { try await event.wait() }
      for _ in 0..<Int.random(in: 0...3, using: &generator) { await Task.yield() }
      async let setting: Void = event.set()
      waiter.cancel()
      await setting
      switch await waiter.result {
      case .success: break
      case .failure(let error): #expect(error as? WaitError == .cancelled)
      }
      #expect(event.waiterCount == 0)
    }
  }

  @Test("each of many rounds of ping-pong between a thread and a task is seen")
  func pingPong() async throws {
    let (ping, pong) = ((0..<200).map { _ in Event() }, (0..<200).map { _ in Event() })
    async let thread: Void = onThread {
      for round in 0..<200 {
        try ping[round].wait()
        pong[round].set()
      }
    }
    for round in 0..<200 {
      ping[round].set()
      try await pong[round].wait()
    }
    try await thread
  }
}
