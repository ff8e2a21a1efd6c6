import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

@Suite("AsyncCondition")
struct AsyncConditionTests {
  let lock: AsyncLock<[Int]>
  let notEmpty: AsyncCondition<[Int]>

  init() {
    lock = AsyncLock([], name: "buffer")
    notEmpty = AsyncCondition(of: lock, name: "not empty")
  }

  /// Takes the first number when there is one.
  private func take() -> Task<Int, any Error> {
    let notEmpty = notEmpty
    return Task { try await notEmpty.withLock(when: { !$0.isEmpty }) { $0.removeFirst() } }
  }

  private func takers(_ count: Int) async throws -> [Task<Int, any Error>] {
    var tasks: [Task<Int, any Error>] = []
    for number in 1...count {
      tasks.append(take())
      try await eventually("taker \(number) waits") { notEmpty.waiterCount == number }
    }
    return tasks
  }

  private func put(_ numbers: Int..., notifying count: Int = 1) async throws {
    try await lock.withLock { buffer in
      buffer += numbers
      notEmpty.notify(count)
    }
  }

  // MARK: Waiting and notifying

  @Test("a predicate that holds is not waited for, and the body may await with the lock held")
  func atOnce() async throws {
    let (lock, notEmpty) = (lock, notEmpty)
    try await put(1)
    let first = try await notEmpty.withLock(when: { !$0.isEmpty }) { buffer in
      await Task.yield()
      #expect(lock.isLocked)
      return buffer.removeFirst()
    }
    #expect(first == 1 && !lock.isLocked)
  }

  @Test("the lock is free while a task waits, and notified tasks are served in their order")
  func order() async throws {
    let tasks = try await takers(3)
    #expect(!lock.isLocked)
    try await put(1, 2, 3, notifying: 2)
    #expect(try await tasks[0].value == 1)
    #expect(try await tasks[1].value == 2)
    #expect(notEmpty.waiterCount == 1)
    try await lock.withLock { _ in notEmpty.notifyAll() }
    #expect(try await tasks[2].value == 3)
    #expect(notEmpty.waiterCount == 0 && !lock.isLocked)
  }

  @Test("a notification of all serves all, in their order, before a newcomer to the lock")
  func notifyAll() async throws {
    let tasks = try await takers(4)
    try await put(1, 2, 3, 4, notifying: .max)
    #expect(try await lock.withLock { $0 } == [])
    var taken: [Int] = []
    for task in tasks { taken.append(try await task.value) }
    #expect(taken == [1, 2, 3, 4])
  }

  @Test("who is notified in vain waits on, in its old place")
  func keepsPlace() async throws {
    let tasks = try await takers(2)
    try await lock.withLock { _ in notEmpty.notify() }
    try await eventually("both wait") { notEmpty.waiterCount == 2 && !lock.isLocked }
    try await put(1)
    #expect(try await tasks[0].value == 1)
    try await put(2)
    #expect(try await tasks[1].value == 2)
  }

  @Test("a notification that nobody waits for, and one of nobody, change nothing")
  func nobody() async throws {
    try await lock.withLock { _ in
      notEmpty.notify()
      notEmpty.notifyAll()
    }
    let task = take()
    try await eventually("it waits") { notEmpty.waiterCount == 1 }
    try await put(1, notifying: 0)
    #expect(notEmpty.waiterCount == 1)
    try await put(notifying: 1)
    #expect(try await task.value == 1)
  }

  // MARK: Ends

  @Test("a cancelled task leaves, wherever it stands, and the others keep their order", arguments: 0..<3)
  func cancellation(index: Int) async throws {
    let tasks = try await takers(3)
    tasks[index].cancel()
    await #expect(throws: WaitError.cancelled) { try await tasks[index].value }
    try await put(1, 2, notifying: 2)
    let left = (0..<3).filter { $0 != index }
    #expect(try await tasks[left[0]].value == 1)
    #expect(try await tasks[left[1]].value == 2)
  }

  @Test("a task that is cancelled after it was notified passes the notification on")
  func passesOn() async throws {
    let (lock, notEmpty) = (lock, notEmpty)
    let tasks = try await takers(2)
    try await lock.withLock { buffer in
      buffer.append(1)
      notEmpty.notify()
      // It stands in the lock's queue now.
      #expect(lock.waiterCount == 1)
      tasks[0].cancel()
      await #expect(throws: WaitError.cancelled) { try await tasks[0].value }
      #expect(notEmpty.waiterCount == 0 && lock.waiterCount == 1)
    }
    #expect(try await tasks[1].value == 1)
  }

  @Test("a body or a predicate that throws after a notification passes it on", arguments: [false, true])
  func throwing(inBody: Bool) async throws {
    let (lock, notEmpty) = (lock, notEmpty)
    let failing = Task {
      try await notEmpty.withLock(when: { buffer in
        if !buffer.isEmpty && !inBody { throw Refused() }
        return !buffer.isEmpty
      }) { _ in throw Refused() }
    }
    try await eventually("it waits") { notEmpty.waiterCount == 1 }
    let other = take()
    try await eventually("both wait") { notEmpty.waiterCount == 2 }
    try await put(1)
    await #expect(throws: Refused()) { try await failing.value }
    #expect(try await other.value == 1)
    #expect(!lock.isLocked)
  }

  @Test("a predicate that throws at once lets go of the lock")
  func throwingAtOnce() async throws {
    await #expect(throws: Refused()) {
      try await notEmpty.withLock(when: { _ in throw Refused() }) { _ in }
    }
    #expect(!lock.isLocked)
  }

  @Test("a wait ends at its deadline, for the predicate as for the lock")
  func manualTimeout() async throws {
    let (lock, notEmpty, clock) = (lock, notEmpty, ManualClock())
    @Sendable func timed() -> Task<Void, any Error> {
      Task {
        try await notEmpty.withLock(when: { !$0.isEmpty }, timeout: .seconds(1), clock: clock) { _ in }
      }
    }
    let first = timed()
    try await clock.waitUntilScheduled()
    #expect(!lock.isLocked)
    clock.advance(by: .seconds(1))
    await #expect(throws: WaitError.timedOut) { try await first.value }
    #expect(notEmpty.waiterCount == 0 && !lock.isLocked)
    try await whileHeldElsewhere(lock) {
      let second = timed()
      try await clock.waitUntilScheduled()
      clock.advance(by: .seconds(1))
      await #expect(throws: WaitError.timedOut) { try await second.value }
    }
  }

  @Test("a deadline that comes after the notification passes it on")
  func notifiedTooLate() async throws {
    let (lock, notEmpty, clock) = (lock, notEmpty, ManualClock())
    let timed = Task {
      try await notEmpty.withLock(when: { !$0.isEmpty }, timeout: .seconds(1), clock: clock) { _ in }
    }
    try await eventually("it waits") { notEmpty.waiterCount == 1 }
    try await clock.waitUntilScheduled()
    let other = take()
    try await eventually("both wait") { notEmpty.waiterCount == 2 }
    try await lock.withLock { buffer in
      buffer.append(1)
      notEmpty.notify()
      clock.advance(by: .seconds(1))
      await #expect(throws: WaitError.timedOut) { try await timed.value }
    }
    #expect(try await other.value == 1)
  }

  @Test("a wait ends on the real clock too", arguments: [Duration.seconds(-1), .zero, .milliseconds(2)])
  func realTimeout(timeout: Duration) async throws {
    await #expect(throws: WaitError.timedOut) {
      try await notEmpty.withLock(when: { !$0.isEmpty }, timeout: timeout) { _ in }
    }
    try await put(1)
    #expect(try await notEmpty.withLock(when: { !$0.isEmpty }, timeout: timeout) { $0 } == [1])
  }

  @Test("a task that is cancelled already takes what is there, and does not wait")
  func cancelledBefore() async throws {
    let notEmpty = notEmpty
    try await put(1)
    try await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await notEmpty.withLock(when: { !$0.isEmpty }) { _ = $0.removeFirst() }
      await #expect(throws: WaitError.cancelled) {
        try await notEmpty.withLock(when: { !$0.isEmpty }) { _ in }
      }
    }.value
    #expect(!lock.isLocked && notEmpty.waiterCount == 0)
  }

  @Test("close ends the waits, not what holds at once; that of the lock ends both", arguments: [false, true])
  func close(theLock: Bool) async throws {
    let task = take()
    try await eventually("it waits") { notEmpty.waiterCount == 1 }
    if theLock { lock.close() } else { notEmpty.close() }
    await #expect(throws: WaitError.closed) { try await task.value }
    await #expect(throws: WaitError.closed) { try await take().value }
    if theLock {
      // One that is made later is closed as well.
      await #expect(throws: WaitError.closed) {
        try await AsyncCondition(of: lock).withLock(when: { $0.isEmpty }) { _ in }
      }
    } else {
      try await put(1)
      #expect(try await take().value == 1)
    }
  }

  @Test("broken contracts trap")
  func contracts() async {
    await #expect(processExitsWith: .failure) { AsyncCondition(of: AsyncLock(0)).notify() }
    await #expect(processExitsWith: .failure) { AsyncCondition(of: AsyncLock(0)).notifyAll() }
    await #expect(processExitsWith: .failure) {
      let lock = AsyncLock(0)
      try await lock.withLock { _ in AsyncCondition(of: lock).notify(-1) }
    }
    await #expect(processExitsWith: .failure) {
      let lock = AsyncLock(0)
      try await lock.withLock { _ in await Task { AsyncCondition(of: lock).notify() }.value }
    }
    await #expect(processExitsWith: .failure) {
      let lock = AsyncLock(0)
      try await lock.withLock { _ in try await AsyncCondition(of: lock).withLock(when: { _ in true }) { _ in }
      }
    }
  }

  @Test("a bounded buffer conserves what goes through it, with cancellations", arguments: [31, 32, 33])
  func stress(seed: UInt64) async throws {
    let lock = AsyncLock([Int]())
    let (notEmpty, notFull) = (AsyncCondition(of: lock), AsyncCondition(of: lock))
    let (sum, count) = (Lock(0), 120)
    try await withThrowingTaskGroup { group in
      for producer in 0..<3 {
        group.addTask {
          for number in 0..<count {
            try await notFull.withLock(when: { $0.count < 3 }) { buffer in
              buffer.append(producer * count + number)
              notEmpty.notify()
            }
          }
        }
      }
      for consumer in 0..<3 {
        group.addTask {
          var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(consumer))
          var taken = 0
          while taken < count {
            let task = Task {
              try await notEmpty.withLock(when: { !$0.isEmpty }) { buffer in
                let first = buffer.removeFirst()
                notFull.notify()
                return first
              }
            }
            if Int.random(in: 0..<3, using: &generator) == 0 { task.cancel() }
            guard let number = try? await task.value else { continue }
            taken += 1
            sum.withLock { $0 += number }
          }
        }
      }
      try await group.waitForAll()
    }
    let all = 3 * count
    #expect(sum.withLock { $0 } == all * (all - 1) / 2, "seed \(seed)")
    #expect(try await lock.withLock { $0 } == [], "seed \(seed)")
  }
}
