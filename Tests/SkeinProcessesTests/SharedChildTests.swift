import ProcessFunctions
import SkeinProcesses
import SkeinSync
import SkeinTesting
import SkeinWork
import Testing

@Suite("Shared objects and child processes")
struct SharedChildTests {
  @Test("what is sent to children is the same memory in all of them", arguments: executingMethods)
  func sharing(method: StartMethod) async throws {
    let (value, array) = (try SharedValue<Int32>(0), try SharedArray<Int32>(repeating: 0, count: 5))
    let counter = try SharedCounter()
    let children = try (0..<3).map { _ in
      try ChildProcess.start(
        AddToShared(value, array, counter, times: 500), method: method, program: program())
    }
    for child in children {
      let exit = try await child.join()
      #expect(exit == .exited(0), "\(String(describing: child.failure))")
    }
    #expect(try await value.withLock { $0 } == 1500)
    #expect(try await array.withLock { Array($0) } == [1500, 1500, 1500, 1500, 1500])
    #expect(counter.value == 1500)
  }

  @Test("what a killed child held comes back, and its lock tells of it")
  func death() async throws {
    let (semaphore, lock) = (try SharedSemaphore(permits: 1), try SharedLock())
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(HoldShared(semaphore, lock, theirs), program: program())
    theirs.close()
    _ = try await mine.receive(String.self)
    #expect(semaphore.freePermits == 0)
    let waiting = Task { try await semaphore.acquire() }
    try await eventually("it waits") { semaphore.waiterCount == 1 }
    child.kill()
    try await child.join()
    // Given back before anybody learns of the end.
    try await waiting.value
    let repaired = Lock(false)
    try await onThread {
      try lock.withLock(recover: { repaired.withLock { $0 = true } }) {}
    }
    #expect(repaired.withLock { $0 } && lock.ownerDeathCount == 1)
  }

  @Test("shared objects can not be stored")
  func storing() throws {
    let counter = try SharedCounter()
    #expect(throws: EncodingError.self) { try JSONCodec().encode(counter) }
  }
}
