import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

@Suite("Once")
struct OnceTests {
  let once = Once<Int>(name: "configuration")

  /// A task that makes the value when it is its turn, and counts that.
  private func asker(_ value: Int, counting runs: Lock<[Int]>) -> Task<Int, any Error> {
    let once = once
    return Task {
      try await once.get {
        runs.withLock { $0.append(value) }
        return value
      }
    }
  }

  /// A task whose initialiser begins at once, and then ends as `end` says.
  private func busy(_ end: @escaping @Sendable () async throws -> Int) async throws -> Task<Int, any Error> {
    let (once, isBusy) = (once, Event())
    let task = Task(name: "initialiser") {
      try await once.get {
        isBusy.set()
        return try await end()
      }
    }
    try await isBusy.wait()
    return task
  }

  // MARK: Making the value

  @Test("the first who asks makes the value, and all others get that one")
  func smoke() async throws {
    #expect(once.value == nil)
    let first = try await once.get {
      await Task.yield()
      return 1
    }
    let second = try await once.get { 2 }
    let third = try await onThread { [once] in try once.get { 3 } }
    #expect([first, second, third] == [1, 1, 1])
    #expect(once.value == 1)
  }

  @Test("a thread makes the value too, for tasks that wait")
  func byThread() async throws {
    let (once, isBusy, mayEnd) = (once, Event(), Event())
    let thread = Task {
      try await onThread {
        try once.get {
          isBusy.set()
          try mayEnd.wait()
          return 1
        }
      }
    }
    try await isBusy.wait()
    let runs = Lock<[Int]>([])
    let task = asker(2, counting: runs)
    let other = Task { try await onThread { try once.get { 3 } } }
    try await eventually("both wait") { once.waiterCount == 2 }
    mayEnd.set()
    #expect(try await [thread.value, task.value, other.value] == [1, 1, 1])
    #expect(runs.withLock { $0 }.isEmpty)
  }

  @Test("an error goes to its caller alone, and the next who waits takes over")
  func failure() async throws {
    let (once, mayEnd, runs) = (once, Event(), Lock<[Int]>([]))
    let failing = try await busy {
      try await mayEnd.wait()
      throw Refused()
    }
    var others: [Task<Int, any Error>] = []
    for number in 1...3 {
      others.append(asker(number, counting: runs))
      try await eventually("\(number) waits") { once.waiterCount == number }
    }
    mayEnd.set()
    await #expect(throws: Refused()) { try await failing.value }
    for other in others { #expect(try await other.value == 1) }
    #expect(runs.withLock { $0 } == [1])
  }

  @Test("when nobody waits, a failure leaves it as new")
  func failureAlone() async throws {
    await #expect(throws: Refused()) { try await once.get { throw Refused() } }
    await #expect(throws: Refused()) { try await onThread { [once] in try once.get { throw Refused() } } }
    #expect(once.value == nil)
    #expect(try await once.get { 1 } == 1)
  }

  @Test("a cancelled initialiser is taken over from, and a cancelled waiter just leaves")
  func cancellation() async throws {
    let (once, runs) = (once, Lock<[Int]>([]))
    let initialising = try await busy {
      try await Event().wait()
      return 0
    }
    let waiters = [asker(1, counting: runs), asker(2, counting: runs)]
    try await eventually("both wait") { once.waiterCount == 2 }
    waiters[0].cancel()
    initialising.cancel()
    await #expect(throws: WaitError.cancelled) { try await initialising.value }
    let first = await waiters[0].result
    #expect(try await waiters[1].value == (try? first.get()) ?? 2)
    #expect(runs.withLock { $0.count } == 1)
  }

  @Test("a task that is cancelled already makes the value, or has it, but does not wait")
  func cancelledBefore() async throws {
    let (once, mayEnd) = (once, Event())
    let initialising = try await busy {
      try await mayEnd.wait()
      return 1
    }
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await once.get { 2 }
    }
    await #expect(throws: WaitError.cancelled) { try await late.value }
    mayEnd.set()
    #expect(try await initialising.value == 1)
    let later = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return [try await once.get { 2 }, try await Once<Int>().get { 3 }]
    }
    #expect(try await later.value == [1, 3])
  }

  // MARK: Re-entry

  @Test("asking from inside the initialiser is refused, in children and on the thread too")
  func reentry() async throws {
    let once = once
    let refusal = OnceError.wouldDeadlock("configuration")
    let value = try await once.get {
      await #expect(throws: refusal) { try await once.get { 2 } }
      await #expect(throws: refusal) { try await once.get(timeout: .seconds(1)) { 2 } }
      await withDiscardingTaskGroup { group in
        group.addTask { await #expect(throws: refusal) { try await once.get { 3 } } }
      }
      return 1
    }
    #expect(value == 1)
    let other = Once<Int>(name: "configuration")
    try await onThread {
      let value = try other.get {
        #expect(throws: refusal) { try other.get { 2 } }
        return 1
      }
      #expect(value == 1)
    }
  }

  @Test("a task of its own that is started in the initialiser waits for the value")
  func unstructured() async throws {
    let once = once
    let stranger = Lock<Task<Int, any Error>?>(nil)
    _ = try await once.get {
      let task = Task { try await once.get { 2 } }
      stranger.withLock { $0 = task }
      try await eventually("it waits") { once.waiterCount == 1 }
      return 1
    }
    #expect(try await stranger.withLock { $0 }?.value == 1)
  }

  // MARK: Ends

  @Test("a wait for another's initialiser ends at its deadline, in tasks and threads")
  func manualTimeout() async throws {
    let (once, clock, mayEnd) = (once, ManualClock(), Event())
    let initialising = try await busy {
      try await mayEnd.wait()
      return 1
    }
    let task = Task { try await once.get(timeout: .seconds(1), clock: clock) { 2 } }
    let thread = Task { try await onThread { try once.get(timeout: .seconds(1), clock: clock) { 3 } } }
    try await clock.waitUntilScheduled(count: 2)
    clock.advance(by: .seconds(1))
    await #expect(throws: WaitError.timedOut) { try await task.value }
    await #expect(throws: WaitError.timedOut) { try await thread.value }
    mayEnd.set()
    #expect(try await initialising.value == 1)
  }

  @Test("a wait ends on the real clock too", arguments: [Duration.seconds(-1), .zero, .milliseconds(2)])
  func realTimeout(timeout: Duration) async throws {
    let (once, mayEnd) = (once, Event())
    let initialising = try await busy {
      try await mayEnd.wait()
      return 1
    }
    await #expect(throws: WaitError.timedOut) { try await once.get(timeout: timeout) { 2 } }
    await #expect(throws: WaitError.timedOut) {
      try await onThread { try once.get(timeout: timeout) { 2 } }
    }
    mayEnd.set()
    _ = try await initialising.value
    #expect(try await once.get(timeout: timeout) { 2 } == 1)
    #expect(try await Once<Int>().get(timeout: timeout) { 2 } == 2)
  }

  @Test("close ends every wait; what is being made can still be had")
  func close() async throws {
    let (once, mayEnd) = (once, Event())
    let initialising = try await busy {
      try await mayEnd.wait()
      return 1
    }
    let task = Task { try await once.get { 2 } }
    let thread = Task { try await onThread { try once.get { 3 } } }
    try await eventually("both wait") { once.waiterCount == 2 }
    once.close()
    await #expect(throws: WaitError.closed) { try await task.value }
    await #expect(throws: WaitError.closed) { try await thread.value }
    await #expect(throws: WaitError.closed) { try await once.get { 4 } }
    mayEnd.set()
    #expect(try await initialising.value == 1)
    #expect(try await once.get { 4 } == 1)
  }

  @Test("diagnosis sees who makes the value")
  func observed() async throws {
    let (once, mayEnd) = (once, Event())
    let initialising = try await busy {
      try await mayEnd.wait()
      return 1
    }
    let task = Task { try await once.get { 2 } }
    // The tests run beside one another, and all name theirs alike.
    try await eventually("diagnosis sees it") {
      WaitSources.observe().waits.contains { wait in
        guard wait.object.kind == "Once", case .all(let holders) = wait.object.holders else { return false }
        return holders.map(\.party.name) == ["initialiser"]
      }
    }
    mayEnd.set()
    #expect(try await [initialising.value, task.value] == [1, 1])
  }

  @Test("of many who ask at once exactly one makes the value, though some fail", arguments: [51, 52, 53])
  func stress(seed: UInt64) async throws {
    for round in 0..<15 {
      let (once, running, made) = (Once<Int>(), Lock(0), Lock(0))
      @Sendable func initialise(_ generator: inout SeededGenerator) throws -> Int {
        running.withLock {
          $0 += 1
          precondition($0 == 1)
        }
        defer { running.withLock { $0 -= 1 } }
        if Bool.random(using: &generator) { throw Refused() }
        return made.withLock {
          $0 += 1
          return $0
        }
      }
      async let threads: Void = onThreads(2) { index in
        var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(round * 100 + index))
        while (try? once.get { try initialise(&generator) }) == nil {}
      }
      await withTaskGroup { group in
        for index in 2..<8 {
          group.addTask {
            var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(round * 100 + index))
            while true {
              let value = try? await once.get {
                await Task.yield()
                return try initialise(&generator)
              }
              if value != nil { break }
            }
          }
        }
      }
      try await threads
      #expect(made.withLock { $0 } == 1 && once.value == 1, "seed \(seed)")
    }
  }
}
