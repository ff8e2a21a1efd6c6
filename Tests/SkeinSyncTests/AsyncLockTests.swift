import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

@Suite("AsyncLock")
struct AsyncLockTests {
  // MARK: Holding

  @Test("it gives the body's value or error, and is free after both")
  func outcome() async throws {
    let lock = AsyncLock([1, 2])
    let last = try await lock.withLock { state in
      #expect(lock.isLocked)
      return state.removeLast()
    }
    #expect(last == 2)
    await #expect(throws: Refused()) { try await lock.withLock { _ in throw Refused() } }
    #expect(try await lock.tryLock { $0 } == [1])
    #expect(!lock.isLocked)
  }

  @Test("only one task is inside at a time, across awaits")
  func mutualExclusion() async throws {
    let lock = AsyncLock((isInside: false, visits: 0))
    try await withThrowingTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<200 {
            try await lock.withLock { state in
              precondition(!state.isInside)
              state.isInside = true
              await Task.yield()
              state.isInside = false
              state.visits += 1
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await lock.withLock { $0.visits } == 1600)
    #expect(!lock.isLocked && lock.waiterCount == 0)
  }

  @Test("a body runs on its caller's actor, and may load what it puts into the state")
  func isolation() async throws {
    let (keeper, lock) = (Keeper(), AsyncLock(1))
    try await keeper.load(into: lock)
    #expect(try await lock.withLock { $0 } == 12)
    #expect(await keeper.loads == 1)
    try await Task { try await lock.withLock { state in state = try await double(state) } }.value
    #expect(try await lock.withLock { $0 } == 24)
  }

  @Test("the state need not be sendable, nor copyable, and ends with its lock")
  func anyState() async throws {
    final class Connection {
      var uses = 0
      let end: Event
      init(end: Event) { self.end = end }
      deinit { end.set() }
    }
    struct Handle: ~Copyable { var uses = 0 }
    let end = Event()
    do {
      let lock = AsyncLock(Connection(end: end))
      try await lock.withLock { state in
        await Task.yield()
        state.uses += 1
      }
      #expect(try await lock.withLock { $0.uses } == 1)
      #expect(!end.isSet)
    }
    #expect(end.isSet)
    let handle = AsyncLock(Handle())
    try await handle.withLock { $0.uses += 1 }
    #expect(try await handle.withLock { $0.uses } == 1)
  }

  // MARK: Waiting

  @Test("the lock goes from hand to hand in the order of arrival, and a newcomer does not overtake")
  func order() async throws {
    let (lock, served) = (AsyncLock(), Lock<[Int]>([]))
    var tasks: [Task<Void, any Error>] = []
    try await lock.withLock { _ in
      for number in 0..<5 {
        tasks.append(
          Task {
            try await lock.withLock { _ in
              served.withLock { $0.append(number) }
              if number == 0 { while lock.waiterCount < 5 { await Task.yield() } }
            }
          })
        try await eventually("task \(number) waits") { lock.waiterCount == number + 1 }
      }
    }
    // The lock was handed to the first before this task could ask again.
    try await lock.withLock { _ in served.withLock { $0.append(5) } }
    for task in tasks { try await task.value }
    #expect(served.withLock { $0 } == [0, 1, 2, 3, 4, 5])
  }

  @Test("a lock that is held elsewhere is not taken by a try, and not in time")
  func heldElsewhere() async throws {
    let lock = AsyncLock(0, name: "ledger")
    try await whileHeldElsewhere(lock) {
      let tried = try await lock.tryLock { $0 }
      #expect(tried == nil)
      for timeout in [Duration.zero, .seconds(-1_000_000_000), .milliseconds(2)] {
        await #expect(throws: WaitError.timedOut) { try await lock.withLock(timeout: timeout) { $0 } }
      }
    }
    #expect(try await lock.withLock(timeout: .zero) { $0 } == 0)
    #expect(try await lock.withLock(timeout: .seconds(Int64.max)) { $0 } == 0)
  }

  @Test(
    "a wait ends at its deadline on the clock that it was given; one that is granted leaves nothing there")
  func manualTimeout() async throws {
    let (lock, clock) = (AsyncLock(), ManualClock())
    let granted = Lock<Task<Void, any Error>?>(nil)
    try await whileHeldElsewhere(lock) {
      let early = Task { try await lock.withLock(timeout: .seconds(1), clock: clock) { _ in } }
      let late = Task { try await lock.withLock(timeout: .seconds(2), clock: clock) { _ in } }
      granted.withLock { $0 = late }
      try await clock.waitUntilScheduled(count: 2)
      clock.advance(by: .seconds(1))
      await #expect(throws: WaitError.timedOut) { try await early.value }
      #expect(lock.waiterCount == 1)
    }
    try await granted.withLock { $0 }?.value
    #expect(clock.scheduledCount == 0)
  }

  @Test(
    "a cancelled task leaves the queue, wherever it stands, and the others keep their order", arguments: 0..<4
  )
  func cancellation(index: Int) async throws {
    let (lock, served) = (AsyncLock(), Lock<[Int]>([]))
    var tasks: [Task<Void, any Error>] = []
    try await lock.withLock { _ in
      for number in 0..<4 {
        tasks.append(Task { try await lock.withLock { _ in served.withLock { $0.append(number) } } })
        try await eventually("task \(number) waits") { lock.waiterCount == number + 1 }
      }
      tasks[index].cancel()
      await #expect(throws: WaitError.cancelled) { try await tasks[index].value }
    }
    for number in 0..<4 where number != index { try await tasks[number].value }
    #expect(served.withLock { $0 } == (0..<4).filter { $0 != index })
    #expect(!lock.isLocked && lock.waiterCount == 0)
  }

  @Test("a task that is cancelled already takes a free lock, and is refused one that is held")
  func cancelledBefore() async throws {
    let lock = AsyncLock(0)
    try await whileHeldElsewhere(lock) {
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        try await lock.withLock { $0 += 1 }
      }
      await #expect(throws: WaitError.cancelled) { try await task.value }
    }
    try await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await lock.withLock { $0 += 1 }
    }.value
    #expect(try await lock.withLock { $0 } == 1)
  }

  @Test("close ends every wait, now and later, and does not disturb the holder")
  func close() async throws {
    let lock = AsyncLock(0)
    let waiter = try await lock.withLock { state in
      let waiter = Task { try await lock.withLock { $0 } }
      try await eventually("it waits") { lock.waiterCount == 1 }
      lock.close()
      state = 1
      return waiter
    }
    await #expect(throws: WaitError.closed) { try await waiter.value }
    await #expect(throws: WaitError.closed) { try await lock.withLock { $0 } }
    await #expect(throws: WaitError.closed) { try await lock.withLock(timeout: .seconds(1)) { $0 } }
    await #expect(throws: WaitError.closed) { try await lock.tryLock { $0 } }
    #expect(!lock.isLocked)
  }

  @Test("grants, timeouts and cancellations race, and the lock ends free", arguments: [21, 22, 23])
  func stress(seed: UInt64) async throws {
    let (lock, visits) = (AsyncLock(0), Lock(0))
    try await withThrowingTaskGroup { group in
      for index in 0..<10 {
        group.addTask {
          var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(index))
          for _ in 0..<60 { await Self.step(lock, visits, &generator) }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await lock.withLock { $0 } == visits.withLock { $0 }, "seed \(seed)")
    #expect(!lock.isLocked && lock.waiterCount == 0, "seed \(seed)")
  }

  private static func step(
    _ lock: AsyncLock<Int>, _ visits: Lock<Int>, _ generator: inout SeededGenerator
  ) async {
    let timeout = Duration.microseconds(Int.random(in: 0...200, using: &generator))
    let isCancelled = Bool.random(using: &generator)
    let work = Task {
      @Sendable func visit(_ state: inout Int) async {
        let seen = state
        await Task.yield()
        state = seen + 1
        visits.withLock { $0 += 1 }
      }
      if isCancelled {
        try await lock.withLock { state in await visit(&state) }
      } else {
        try await lock.withLock(timeout: timeout) { state in await visit(&state) }
      }
    }
    for _ in 0..<Int.random(in: 0...4, using: &generator) { await Task.yield() }
    if isCancelled { work.cancel() }
    _ = await work.result
  }
}

/// Runs `body` while another task holds the lock.
func whileHeldElsewhere<State: Sendable>(
  _ lock: AsyncLock<State>, _ body: () async throws -> Void
) async throws {
  let (isHeld, mayEnd) = (Event(), Event())
  let holder = Task(name: "holder") {
    try await lock.withLock { _ in
      isHeld.set()
      try await mayEnd.wait()
    }
  }
  try await isHeld.wait()
  do { try await body() } catch {
    mayEnd.set()
    throw error
  }
  mayEnd.set()
  try await holder.value
}

private func double(_ number: Int) async throws -> Int {
  await Task.yield()
  return 2 * number
}

private actor Keeper {
  var loads = 0

  func load(into lock: AsyncLock<Int>) async throws {
    try await lock.withLock { state in
      state = try await double(state)
      loads += 1
      state += ten()
    }
  }

  private func ten() -> Int { 10 }
}
