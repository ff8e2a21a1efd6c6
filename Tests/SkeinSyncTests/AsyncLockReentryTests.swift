import SkeinSync
import SkeinTesting
import Testing

@Suite("AsyncLock, taken again")
struct AsyncLockReentryTests {
  let lock = AsyncLock(0, name: "ledger")

  private func expectRefused(_ lock: AsyncLock<Int>) async {
    await #expect(throws: LockError.wouldDeadlock("ledger")) { try await lock.tryLock { $0 } }
    await #expect(throws: LockError.wouldDeadlock("ledger")) {
      try await lock.withLock(timeout: .seconds(1)) { $0 }
    }
  }

  @Test("the holder is told that it would deadlock by the forms that can tell, under other locks too")
  func holder() async throws {
    let (lock, other) = (lock, AsyncLock())
    try await lock.withLock { _ in
      await expectRefused(lock)
      try await other.withLock { _ in await expectRefused(lock) }
    }
    await #expect(throws: Never.self) { try await lock.withLock { $0 += 1 } }
  }

  @Test("so are structured children of the holder, and theirs")
  func structuredChildren() async throws {
    let (lock, other) = (lock, AsyncLock())
    try await lock.withLock { _ in
      async let child: Void = expectRefused(lock)
      await child
      try await withThrowingTaskGroup { group in
        group.addTask {
          try await other.withLock { _ in
            async let grandchild: Void = expectRefused(lock)
            await grandchild
          }
        }
        try await group.waitForAll()
      }
      await withDiscardingTaskGroup { group in group.addTask { await expectRefused(lock) } }
    }
  }

  @Test("a task of its own that is started inside the body waits its turn, and so do its children")
  func unstructured() async throws {
    let lock = lock
    let tasks = try await lock.withLock { _ in
      let tasks = [
        Task { try await lock.withLock { $0 += 1 } },
        Task {
          async let child: Void = lock.withLock { $0 += 1 }
          try await child
        },
        Task.detached { try await lock.withLock { $0 += 1 } },
      ]
      try await eventually("they wait") { lock.waiterCount == 3 }
      let tried = try await Task { try await lock.tryLock { $0 } }.value
      #expect(tried == nil)
      return tasks
    }
    for task in tasks { try await task.value }
    #expect(try await lock.withLock { $0 } == 3)
  }

  @Test("a child of a group that was there before the lock was taken waits its turn")
  func outerGroup() async throws {
    let lock = lock
    try await withThrowingTaskGroup { group in
      try await lock.withLock { _ in
        group.addTask { try await lock.withLock { $0 += 1 } }
        try await eventually("it waits") { lock.waiterCount == 1 }
      }
      try await group.waitForAll()
    }
    #expect(try await lock.withLock { $0 } == 1)
  }

  @Test("what was inherited from a holder that has let go means nothing")
  func stale() async throws {
    let (lock, isFree) = (lock, Event())
    let task = try await lock.withLock { _ in
      Task {
        try await isFree.wait()
        // Held by another task in the meantime: not by the one that this one comes from.
        try await whileHeldElsewhere(lock) {
          let tried = try await lock.tryLock { $0 }
          #expect(tried == nil)
        }
      }
    }
    isFree.set()
    try await task.value
  }

  @Test("the chain of what a task holds has the innermost first, for its children too")
  func chain() async throws {
    let (outer, inner) = (AsyncLock(name: "outer"), AsyncLock(name: "inner"))
    @Sendable func names() -> [String?] { HeldAsyncLocks.current.map(\.lock.identity.name) }
    try await outer.withLock { _ in
      try await inner.withLock { _ in
        #expect(names() == ["inner", "outer"])
        async let child = names()
        #expect(await child == ["inner", "outer"])
        #expect(await Task { names() }.value.isEmpty)
      }
      #expect(names() == ["outer"])
    }
    #expect(names().isEmpty)
  }

  @Test("the holder traps when it waits for its lock, with the lock's name")
  func trap() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lock = AsyncLock(0, name: "ledger")
      try await lock.withLock { _ in try await lock.withLock { _ in } }
    }
    let message = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(message.contains("AsyncLock ledger is taken again"))
  }

  @Test("a structured child traps when it waits for its parent's lock")
  func childTrap() async {
    await #expect(processExitsWith: .failure) {
      let lock = AsyncLock()
      try await lock.withLock { _ in
        async let child: Void = lock.withLock { _ in }
        try await child
      }
    }
  }

  @Test("diagnosis sees who holds the lock, by name and place, and who waits")
  func observed() async throws {
    let lock = AsyncLock(0, name: "observed lock")
    try await whileHeldElsewhere(lock) {
      let waiter = Task(name: "waiter") { try await lock.withLock { $0 } }
      try await eventually("it waits") { lock.waiterCount == 1 }
      let wait = try await observedWait(of: "observed lock")
      #expect(wait.object.kind == "AsyncLock" && wait.party.name == "waiter" && wait.purpose == "to hold it")
      guard case .all(let holders) = wait.object.holders else {
        Issue.record("the holders are not known")
        return
      }
      #expect(holders.map(\.party.name) == ["holder"])
      #expect(holders.first?.place?.file.description == "SkeinSyncTests/AsyncLockTests.swift")
      waiter.cancel()
    }
  }
}
