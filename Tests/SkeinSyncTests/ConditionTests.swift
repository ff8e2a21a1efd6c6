import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

@Suite("Condition")
struct ConditionTests {
  let buffer = Lock([Int](), name: "buffer")

  @Test("a predicate that holds at once needs no notification; the body has the lock")
  func holdsAtOnce() async throws {
    let (buffer, notEmpty) = (buffer, Condition(of: buffer))
    try await onThread {
      buffer.withLock { $0 = [1, 2] }
      let first = try notEmpty.withLock(when: { !$0.isEmpty }) { items in
        #expect(throws: LockError.wouldDeadlock("buffer")) { try buffer.tryLock { $0.count } }
        return items.removeFirst()
      }
      let second = try notEmpty.withLock(when: { !$0.isEmpty }, timeout: .zero) { $0.removeFirst() }
      #expect(first == 1 && second == 2)
      #expect(try buffer.tryLock { $0.isEmpty } == true)
    }
  }

  @Test("a waiting thread leaves the lock, and goes on when it is notified and its predicate holds")
  func waits() async throws {
    let (buffer, notEmpty) = (buffer, Condition(of: buffer))
    async let item = onThread { try notEmpty.withLock(when: { !$0.isEmpty }) { $0.removeFirst() } }
    try await eventually("it waits") { notEmpty.waiterCount == 1 }
    try await onThread {
      buffer.withLock { _ in notEmpty.notify() }
    }
    try await eventually("it waits again") { notEmpty.waiterCount == 1 }
    try await onThread {
      buffer.withLock {
        $0.append(7)
        notEmpty.notify()
      }
    }
    #expect(try await item == 7)
    #expect(notEmpty.waiterCount == 0)
  }

  @Test("threads are woken in the order in which they came, as many as are asked for")
  func order() async throws {
    let (buffer, notEmpty, order) = (buffer, Condition(of: buffer), Lock([Int]()))
    let waiters = try await startWaiters(5, of: notEmpty) { index in order.withLock { $0.append(index) } }
    for (count, woken) in [(1, [0]), (2, [0, 1, 2]), (0, [0, 1, 2])] {
      try await onThread {
        buffer.withLock {
          $0 += Array(repeating: 0, count: count)
          notEmpty.notify(count)
        }
      }
      try await eventually("they have gone on") { order.withLock { $0.count } == woken.count }
      #expect(order.withLock { $0.sorted() } == woken)
      #expect(notEmpty.waiterCount == 5 - woken.count)
    }
    try await onThread {
      buffer.withLock {
        $0 += [0, 0]
        notEmpty.notifyAll()
      }
    }
    for waiter in waiters { try await waiter.value }
    #expect(order.withLock { $0.sorted() } == [0, 1, 2, 3, 4])
  }

  @Test("a thread that is woken in vain keeps its place")
  func keepsPlace() async throws {
    let (buffer, notEmpty, order) = (buffer, Condition(of: buffer), Lock([Int]()))
    let waiters = try await startWaiters(3, of: notEmpty) { index in order.withLock { $0.append(index) } }
    // Woken without anything to take, all three go back to where they stood.
    for count in [1, 2, 3] {
      try await onThread { buffer.withLock { _ in notEmpty.notify(count) } }
      try await eventually("all wait again") { notEmpty.waiterCount == 3 }
    }
    for index in 0..<3 {
      try await onThread {
        buffer.withLock {
          $0.append(0)
          notEmpty.notify()
        }
      }
      try await waiters[index].value
    }
    #expect(order.withLock { $0 } == [0, 1, 2])
  }

  @Test("a wait ends at its deadline on the clock that it was given; the lock is free then")
  func manualTimeout() async throws {
    let (buffer, notEmpty, clock) = (buffer, Condition(of: buffer), ManualClock())
    let waiter = Task {
      try await onThread {
        try notEmpty.withLock(when: { !$0.isEmpty }, timeout: .seconds(1), clock: clock) { $0.removeFirst() }
      }
    }
    try await clock.waitUntilScheduled()
    clock.advance(by: .seconds(1))
    await #expect(throws: WaitError.timedOut) { try await waiter.value }
    #expect(try await onThread { try buffer.tryLock { $0.count } } == 0)
    #expect(notEmpty.waiterCount == 0)
  }

  @Test("a predicate that holds at the deadline is in time, though nobody notified")
  func holdsAtDeadline() async throws {
    let (buffer, notEmpty, clock) = (buffer, Condition(of: buffer), ManualClock())
    async let waiter = onThread {
      try notEmpty.withLock(when: { !$0.isEmpty }, timeout: .seconds(1), clock: clock) { $0.removeFirst() }
    }
    try await clock.waitUntilScheduled()
    try await onThread { buffer.withLock { $0.append(3) } }
    clock.advance(by: .seconds(1))
    #expect(try await waiter == 3)
  }

  @Test("spans of nothing, of less, and of some real time end without the predicate")
  func realTimeout() async throws {
    let notEmpty = Condition(of: buffer)
    try await onThread {
      for timeout in [Duration.zero, .seconds(-1_000_000_000), .milliseconds(2)] {
        #expect(throws: WaitError.timedOut) {
          try notEmpty.withLock(when: { !$0.isEmpty }, timeout: timeout) { $0.removeFirst() }
        }
      }
    }
    #expect(notEmpty.waiterCount == 0)
  }

  @Test("a span past what the clock can express is no limit")
  func endlessTimeout() async throws {
    let (buffer, notEmpty) = (buffer, Condition(of: buffer))
    async let item = onThread {
      try notEmpty.withLock(when: { !$0.isEmpty }, timeout: .seconds(Int64.max)) { $0.removeFirst() }
    }
    try await eventually("it waits") { notEmpty.waiterCount == 1 }
    try await onThread {
      buffer.withLock {
        $0.append(1)
        notEmpty.notify()
      }
    }
    #expect(try await item == 1)
  }

  @Test("closing ends all waits, now and later; what is there can still be taken")
  func close() async throws {
    let (buffer, notEmpty) = (buffer, Condition(of: buffer))
    let waiters = try await startWaiters(3, of: notEmpty) { _ in Issue.record("nothing is there") }
    notEmpty.close()
    for waiter in waiters { await #expect(throws: WaitError.closed) { try await waiter.value } }
    try await onThread { () throws in
      #expect(throws: WaitError.closed) { try notEmpty.withLock(when: { !$0.isEmpty }) { $0.count } }
      #expect(throws: WaitError.closed) {
        try notEmpty.withLock(when: { !$0.isEmpty }, timeout: .seconds(60)) { $0.count }
      }
      buffer.withLock {
        $0.append(1)
        notEmpty.notify()
      }
      #expect(try notEmpty.withLock(when: { !$0.isEmpty }) { $0.removeFirst() } == 1)
    }
    notEmpty.close()
  }

  @Test("an error of the predicate, at first or later, passes through, with the lock free")
  func throwingPredicate() async throws {
    let (buffer, notEmpty) = (buffer, Condition(of: buffer))
    try await onThread { () throws in
      #expect(throws: Refused()) { try notEmpty.withLock(when: { _ in throw Refused() }) { $0.count } }
      #expect(try buffer.tryLock { $0.count } == 0)
    }
    let waiter = Task {
      try await onThread {
        try notEmpty.withLock(when: { if $0.contains(-1) { throw Refused() } else { false } }) { $0.count }
      }
    }
    try await eventually("it waits") { notEmpty.waiterCount == 1 }
    try await onThread {
      buffer.withLock {
        $0.append(-1)
        notEmpty.notify()
      }
    }
    await #expect(throws: Refused()) { try await waiter.value }
    #expect(try await onThread { try buffer.tryLock { $0 } } == [-1])
  }

  @Test("a notification goes to the next when the notified one fails", arguments: [true, false])
  func passedOn(failsInBody: Bool) async throws {
    let (buffer, notEmpty) = (buffer, Condition(of: buffer))
    let failing = Task {
      try await onThread {
        try notEmpty.withLock(when: { items in
          if !items.isEmpty && !failsInBody { throw Refused() }
          return !items.isEmpty
        }) { _ in throw Refused() }
      }
    }
    try await eventually("the first waits") { notEmpty.waiterCount == 1 }
    async let next = onThread { try notEmpty.withLock(when: { !$0.isEmpty }) { $0.removeFirst() } }
    try await eventually("the second waits") { notEmpty.waiterCount == 2 }
    try await onThread {
      buffer.withLock {
        $0.append(5)
        notEmpty.notify()
      }
    }
    await #expect(throws: Refused()) { try await failing.value }
    #expect(try await next == 5)
  }

  @Test("several conditions of one lock wake their own waiters alone")
  func twoConditions() async throws {
    let (buffer, odd, even) = (buffer, Condition(of: buffer), Condition(of: buffer))
    async let one = onThread { try odd.withLock(when: { $0.contains { $0 % 2 == 1 } }) { $0.count } }
    async let two = onThread { try even.withLock(when: { $0.contains { $0 % 2 == 0 } }) { $0.count } }
    try await eventually("both wait") { odd.waiterCount == 1 && even.waiterCount == 1 }
    try await onThread {
      buffer.withLock {
        $0.append(2)
        even.notifyAll()
      }
    }
    #expect(try await two == 1)
    #expect(odd.waiterCount == 1)
    try await onThread {
      buffer.withLock {
        $0.append(3)
        odd.notify()
      }
    }
    #expect(try await one == 2)
  }

  @Test("a state that can not be copied is looked at and changed in place")
  func noncopyable() async throws {
    struct Tank: ~Copyable, Sendable { var level = 1 }
    let condition = Condition(of: Lock(Tank()))
    let level = try await onThread { try condition.withLock(when: { $0.level > 0 }) { $0.level } }
    #expect(level == 1)
  }

  /// Starts threads that each take one item, one after another in the queue.
  private func startWaiters(
    _ count: Int, of notEmpty: Condition<[Int]>, _ body: @escaping @Sendable (_ index: Int) -> Void
  ) async throws -> [Task<Void, any Error>] {
    var waiters: [Task<Void, any Error>] = []
    for index in 0..<count {
      waiters.append(
        Task {
          try await onThread {
            try notEmpty.withLock(when: { !$0.isEmpty }) { items in
              items.removeFirst()
              body(index)
            }
          }
        })
      try await eventually("\(index + 1) wait") { notEmpty.waiterCount == index + 1 }
    }
    return waiters
  }
}
