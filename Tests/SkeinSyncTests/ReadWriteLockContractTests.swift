import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error {}

@Suite("ReadWriteLock, misused and observed")
struct ReadWriteLockContractTests {
  @Test("the writer traps when it takes the lock again in either way, with the lock's name")
  func reentryTraps() async throws {
    let reading = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lock = ReadWriteLock(0, name: "routes")
      lock.withWriteLock { _ in lock.withReadLock { _ in } }
    }
    expectMessage(reading, "ReadWriteLock routes is taken again by the thread that writes")
    let writing = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lock = ReadWriteLock(0, name: "routes")
      lock.withWriteLock { _ in lock.withWriteLock { _ in } }
    }
    expectMessage(writing, "ReadWriteLock routes is taken again by the thread that writes")
  }

  @Test("the writer is told that it would deadlock by the forms that can tell")
  func wouldDeadlock() async throws {
    let lock = ReadWriteLock(0, name: "routes")
    try await onThread {
      lock.withWriteLock { _ in
        let error = LockError.wouldDeadlock("routes")
        #expect(throws: error) { try lock.tryReadLock { $0 } }
        #expect(throws: error) { try lock.tryWriteLock { $0 } }
        #expect(throws: error) { try lock.withReadLock(timeout: .seconds(1)) { $0 } }
        #expect(throws: error) { try lock.withWriteLock(timeout: .seconds(1)) { $0 } }
      }
      #expect(lock.withReadLock { $0 } == 0)
    }
  }

  @Test("while locks are observed, a reader that reads or writes again traps")
  func observedRecursion() async throws {
    let reading = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LockLog.start()
      let lock = ReadWriteLock(0, name: "routes")
      lock.withReadLock { _ in lock.withReadLock { _ in } }
    }
    expectMessage(reading, "ReadWriteLock routes is read again by a thread that reads it")
    let writing = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LockLog.start()
      let lock = ReadWriteLock(0, name: "routes")
      lock.withReadLock { _ in lock.withWriteLock { _ in } }
    }
    expectMessage(writing, "ReadWriteLock routes is written by a thread that reads it")
  }

  @Test("observers hear of readers, writers and downgrades; nobody is remembered who has left")
  func observed() async {
    await #expect(processExitsWith: .success) {
      let log = LockLog.start()
      let lock = ReadWriteLock(0, name: "r")
      lock.withReadLock { _ in
        do {
          _ = try lock.tryWriteLock { _ in }
          preconditionFailure("a reader writes")
        } catch {}
      }
      lock.withWriteLock { _ in }
      lock.withWriteLock { _ in
      } downgraded: { _ in
      }
      _ = try lock.tryReadLock { _ in }
      _ = try lock.tryWriteLock { _ in }
      let held = ["did r", "left r"]
      let waited = ["will r", "did r", "left r"]
      let told = waited + waited + waited + held + held
      precondition(log.events == told, "\(log.events)")
      // A reader that came while nobody observed is no reader that is known, and its leaving is nobody's.
      SyncObservation.stop(.locks)
      lock.withReadLock { _ in SyncObservation.start(.locks, by: log) }
      lock.withReadLock { _ in SyncObservation.stop(.locks) }
      SyncObservation.start(.locks, by: log)
      lock.withReadLock { _ in }
      lock.withWriteLock { _ in }
    }
  }

  @Test("diagnosis sees a reader that waits for the writer, and who the writer is")
  func diagnosis() async throws {
    let lock = ReadWriteLock(0, name: "diagnosed")
    let reader = Lock<Task<Int, any Error>?>(nil)
    let (wait, writer) = try await whileHeld(lock, writing: true) { holder in
      let task = Task { try await onThread { lock.withReadLock { $0 } } }
      reader.withLock { $0 = task }
      var waits: [ObservedWait] = []
      spin {
        waits = observedWaits(of: "diagnosed")
        return !waits.isEmpty
      }
      return (waits[0], holder)
    }
    #expect(try await reader.withLock { $0! }.value == 0)
    #expect(wait.object.kind == "ReadWriteLock" && wait.purpose == "to read" && !wait.isTimed)
    guard case .all(let holders) = wait.object.holders else { throw Refused() }
    #expect(holders.map(\.party) == [writer])
  }

  @Test("while locks are observed, diagnosis sees for which readers a writer waits")
  func observedReaders() async {
    await #expect(processExitsWith: .success) {
      _ = LockLog.start()
      let (lock, isHeld, mayEnd) = (ReadWriteLock(0, name: "diagnosed"), Event(), Event())
      async let reader: Party = onThread {
        try lock.withReadLock { _ in
          isHeld.set()
          try mayEnd.wait()
          return Party.currentThread
        }
      }
      try await isHeld.wait()
      async let writer: Void = onThread { lock.withWriteLock { $0 = 1 } }
      let wait = try await observedWait(of: "diagnosed")
      mayEnd.set()
      let party = try await reader
      try await writer
      guard case .all(let holders) = wait.object.holders else { preconditionFailure("\(wait)") }
      precondition(holders.map(\.party) == [party] && wait.purpose == "to write", "\(wait)")
    }
  }
}
