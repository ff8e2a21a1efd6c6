import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

@Suite("CapacityLimiter")
struct CapacityLimiterTests {
  let limiter = CapacityLimiter(total: 2, name: "downloads")

  /// A task that borrows for a key of its own.
  private func borrow(_ key: Int) -> Task<Void, any Error> {
    let limiter = limiter
    return Task { try await limiter.acquire(onBehalfOf: key) }
  }

  private func takeAll() throws {
    for key in ["a", "b"] {
      let isLent = try limiter.tryAcquire(onBehalfOf: key)
      #expect(isLent)
    }
  }

  // MARK: One borrower

  @Test("tokens are lent while there are any, and come back")
  func smoke() throws {
    try takeAll()
    let third = try limiter.tryAcquire(onBehalfOf: "c")
    #expect(!third && limiter.borrowedCount == 2)
    #expect(Set(limiter.statistics.borrowers) == [Borrower("a"), Borrower("b")])
    try limiter.release(onBehalfOf: "a")
    #expect(limiter.statistics.borrowers == [Borrower("b")])
    #expect(limiter.statistics.total == 2 && limiter.statistics.waiterCount == 0)
  }

  @Test("the scoped form gives the token back after a value and after an error, in tasks and threads")
  func scoped() async throws {
    let limiter = limiter
    #expect(try await limiter.withToken { limiter.statistics.borrowers } == [.current])
    await #expect(throws: Refused()) { try await limiter.withToken { throw Refused() } }
    try await onThread {
      let borrowers = try limiter.withToken { limiter.statistics.borrowers }
      #expect(borrowers == [.current] && "\(borrowers)".contains("thread"))
    }
    #expect(
      try await limiter.withToken(onBehalfOf: "job 7") { "\(limiter.statistics.borrowers)" } == "[job 7]")
    #expect(limiter.borrowedCount == 0)
  }

  @Test("a second token for one borrower is refused, and so is the return of what was not borrowed")
  func oneEach() async throws {
    let limiter = limiter
    try await limiter.acquire()
    let current = Borrower.current
    await #expect(throws: BorrowError.alreadyBorrows(current)) { try await limiter.acquire() }
    await #expect(throws: BorrowError.alreadyBorrows(current)) {
      try await limiter.acquire(timeout: .seconds(1))
    }
    #expect(throws: BorrowError.alreadyBorrows(current)) { try limiter.tryAcquire() }
    await #expect(throws: BorrowError.alreadyBorrows(current)) { try await limiter.withToken {} }
    limiter.release()
    #expect(throws: BorrowError.borrowsNothing(current)) { try limiter.release(onBehalfOf: current) }
    #expect(throws: BorrowError.borrowsNothing(Borrower(1))) { try limiter.release(onBehalfOf: 1) }
    #expect(limiter.borrowedCount == 0)
  }

  @Test("a borrower that waits twice gets one token and one refusal")
  func waitsTwice() async throws {
    try takeAll()
    let first = borrow(1)
    try await eventually("it waits") { limiter.waiterCount == 1 }
    let second = borrow(1)
    try await eventually("both wait") { limiter.waiterCount == 2 }
    try limiter.release(onBehalfOf: "a")
    try await first.value
    await #expect(throws: BorrowError.alreadyBorrows(Borrower(1))) { try await second.value }
    #expect(limiter.waiterCount == 0)
  }

  @Test("keys of different types are different borrowers")
  func keys() throws {
    #expect(Borrower(1) != Borrower("1") && Borrower(1) == Borrower(1))
    #expect(Borrower(Borrower(1)) == Borrower(1))
    let lent = [try limiter.tryAcquire(onBehalfOf: 1), try limiter.tryAcquire(onBehalfOf: "1")]
    #expect(lent == [true, true])
  }

  // MARK: The total

  @Test("more tokens serve those who wait; fewer take nothing away")
  func adjusting() async throws {
    let limiter = limiter
    try takeAll()
    let tasks = [borrow(1), borrow(2)]
    try await eventually("both wait") { limiter.waiterCount == 2 }
    limiter.total = 3
    try await eventually("one is served") { limiter.borrowedCount == 3 && limiter.waiterCount == 1 }
    limiter.total = 1
    #expect(limiter.borrowedCount == 3)
    for key in ["a", "b"] { try limiter.release(onBehalfOf: key) }
    #expect(limiter.borrowedCount == 1 && limiter.waiterCount == 1)
    limiter.total = .unlimited
    for task in tasks { try await task.value }
    for key in 3..<100 {
      let isLent = try limiter.tryAcquire(onBehalfOf: key)
      #expect(isLent)
    }
    #expect(limiter.total == .unlimited && "\(limiter.total)" == "unlimited")
  }

  @Test("with a total of zero, everybody waits")
  func zero() async throws {
    let limiter = limiter
    limiter.total = 0
    let task = borrow(1)
    try await eventually("it waits") { limiter.waiterCount == 1 }
    limiter.total = .tokens(1)
    try await task.value
  }

  // MARK: Waiting

  @Test("tasks and threads are served in their order, and a newcomer does not overtake")
  func order() async throws {
    let (limiter, served) = (limiter, Lock<[String]>([]))
    try takeAll()
    let task = Task {
      try await limiter.withToken { served.withLock { $0.append("task") } }
    }
    try await eventually("the task waits") { limiter.waiterCount == 1 }
    let thread = Task {
      try await onThread {
        try limiter.acquire()
        served.withLock { $0.append("thread") }
        limiter.release()
      }
    }
    try await eventually("the thread waits") { limiter.waiterCount == 2 }
    let overtaken = try limiter.tryAcquire(onBehalfOf: "c")
    #expect(!overtaken)
    try limiter.release(onBehalfOf: "a")
    try await task.value
    try await thread.value
    #expect(served.withLock { $0 } == ["task", "thread"])
    #expect(limiter.borrowedCount == 1)
  }

  @Test("a wait ends at its deadline on the clock that it was given, in tasks and threads")
  func manualTimeout() async throws {
    let (limiter, clock) = (limiter, ManualClock())
    try takeAll()
    let task = Task { try await limiter.acquire(timeout: .seconds(1), clock: clock) }
    let thread = Task { try await onThread { try limiter.acquire(timeout: .seconds(1), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    clock.advance(by: .seconds(1))
    await #expect(throws: BorrowError.timedOut) { try await task.value }
    await #expect(throws: BorrowError.timedOut) { try await thread.value }
    #expect(limiter.waiterCount == 0 && limiter.borrowedCount == 2)
  }

  @Test("a wait ends on the real clock too", arguments: [Duration.seconds(-1), .zero, .milliseconds(2)])
  func realTimeout(timeout: Duration) async throws {
    let limiter = limiter
    try takeAll()
    await #expect(throws: BorrowError.timedOut) { try await limiter.acquire(timeout: timeout) }
    await #expect(throws: BorrowError.timedOut) {
      try await onThread { try limiter.acquire(timeout: timeout) }
    }
  }

  @Test("a cancelled task leaves the queue, wherever it stands", arguments: 0..<3)
  func cancellation(index: Int) async throws {
    try takeAll()
    var tasks: [Task<Void, any Error>] = []
    for key in 0..<3 {
      tasks.append(borrow(key))
      try await eventually("\(key) waits") { limiter.waiterCount == key + 1 }
    }
    tasks[index].cancel()
    await #expect(throws: BorrowError.cancelled) { try await tasks[index].value }
    limiter.total = 4
    for key in 0..<3 where key != index { try await tasks[key].value }
    #expect(limiter.borrowedCount == 4)
  }

  @Test("a task that is cancelled already takes what is free, and is refused what is not")
  func cancelledBefore() async throws {
    let limiter = limiter
    try await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await limiter.acquire(onBehalfOf: 1)
      limiter.total = 1
      await #expect(throws: BorrowError.cancelled) { try await limiter.acquire() }
    }.value
    #expect(limiter.borrowedCount == 1)
  }

  @Test("close ends every wait, now and later, and takes tokens back still")
  func close() async throws {
    let limiter = limiter
    try takeAll()
    let task = borrow(1)
    let thread = Task { try await onThread { try limiter.acquire() } }
    try await eventually("both wait") { limiter.waiterCount == 2 }
    limiter.close()
    await #expect(throws: BorrowError.closed) { try await task.value }
    await #expect(throws: BorrowError.closed) { try await thread.value }
    try limiter.release(onBehalfOf: "a")
    await #expect(throws: BorrowError.closed) { try await limiter.acquire() }
    #expect(throws: BorrowError.closed) { try limiter.tryAcquire() }
  }

  @Test("broken contracts trap")
  func contracts() async {
    await #expect(processExitsWith: .failure) { _ = CapacityLimiter(total: .tokens(-1)) }
    await #expect(processExitsWith: .failure) { CapacityLimiter(total: 1).total = .tokens(-1) }
    await #expect(processExitsWith: .failure) { CapacityLimiter(total: 1).release() }
    await #expect(processExitsWith: .failure) {
      let limiter = CapacityLimiter(total: 1)
      try await limiter.withToken { limiter.release() }
    }
  }

  @Test("diagnosis sees the borrowers")
  func observed() async throws {
    let limiter = CapacityLimiter(total: 1, name: "observed limiter")
    let isHeld = Event()
    let holder = Task(name: "borrower") {
      try await limiter.withToken {
        isHeld.set()
        let wait = try await observedWait(of: "observed limiter")
        guard case .any(let holders) = wait.object.holders else {
          Issue.record("the borrowers are not known")
          return
        }
        #expect(holders.map(\.party.name) == ["borrower"])
        #expect(wait.object.state == "1 of 1 tokens lent" && wait.purpose == "for a token for job 2")
      }
    }
    try await isHeld.wait()
    try await limiter.withToken(onBehalfOf: "job 2") {}
    try await holder.value
  }

  @Test("never more borrowers than tokens, while the total moves", arguments: [41, 42, 43])
  func stress(seed: UInt64) async throws {
    let (limiter, inside) = (CapacityLimiter(total: 3), Lock((now: 0, most: 0)))
    @Sendable func visit() {
      inside.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
    }
    async let threads: Void = onThreads(2) { _ in
      for _ in 0..<60 {
        try limiter.withToken {
          visit()
          inside.withLock { $0.now -= 1 }
        }
      }
    }
    try await withThrowingTaskGroup { group in
      for index in 0..<8 {
        group.addTask {
          var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
          for _ in 0..<40 {
            let timeout = Duration.microseconds(Int.random(in: 0...300, using: &generator))
            guard (try? await limiter.acquire(timeout: timeout)) != nil else { continue }
            visit()
            await Task.yield()
            inside.withLock { $0.now -= 1 }
            limiter.release()
            limiter.total = .tokens(Int.random(in: 1...5, using: &generator))
          }
        }
      }
      try await group.waitForAll()
    }
    limiter.total = 5
    try await threads
    #expect(inside.withLock { $0.most } <= 5, "seed \(seed)")
    #expect(limiter.borrowedCount == 0 && limiter.waiterCount == 0, "seed \(seed)")
  }
}
