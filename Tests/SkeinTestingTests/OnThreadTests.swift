import SkeinSync
import SkeinTesting
import SkeinThreads
import Testing

private struct Failure: Error, Equatable {}

@Suite("onThread")
struct OnThreadTests {
  @Test("it gives what the body returns or throws")
  func outcome() async throws {
    #expect(try await onThread { 42 } == 42)
    await #expect(throws: Failure()) { try await onThread { throw Failure() } }
  }

  @Test("more bodies block at once than the pool has threads")
  func manyBlock() async throws {
    let gate = Event()
    let blocked = (0..<32).map { _ in Task { try await onThread { try gate.wait() } } }
    try await eventually("32 threads wait") { gate.waiterCount == 32 }
    gate.set()
    for task in blocked { try await task.value }
  }

  @Test("its thread is a daemon with a name, and so it can hang without keeping the process alive")
  func thread() async throws {
    let info = try await onThread { ThreadInfo.current }
    #expect(info.name == "skein-test" && info.isDaemon)
  }

  @Test("several run at once, and the first error is thrown when all have ended")
  func several() async throws {
    let (all, ends) = (Barrier(parties: 4), Lock<Set<Int>>([]))
    await #expect(throws: Failure()) {
      try await onThreads(4) { index in
        try all.wait()
        ends.withLock { _ = $0.insert(index) }
        if index == 2 { throw Failure() }
      }
    }
    #expect(ends.withLock { $0 } == [0, 1, 2, 3])
  }
}

@Suite("eventually")
struct EventuallyTests {
  @Test("it returns once the condition holds")
  func comesTrue() async throws {
    let looks = Lock(0)
    try await eventually("the third look has come") {
      looks.withLock {
        $0 += 1; return $0
      } == 3
    }
    #expect(looks.withLock { $0 } == 3)
  }

  @Test("it polls when yielding has not helped")
  func polls() async throws {
    let looks = Lock(0)
    try await eventually("many looks have come") {
      looks.withLock {
        $0 += 1; return $0
      } == 105
    }
  }

  @Test("it fails with what was awaited")
  func limit() async {
    let error = await #expect(throws: EventuallyError.self) {
      try await eventually("pigs fly", limit: .milliseconds(1)) { false }
    }
    #expect(error?.description.contains("pigs fly") == true)
  }

  @Test("it ends with its task, and with an error of the condition")
  func ends() async {
    let waiting = Task { try await eventually("pigs fly") { false } }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    await #expect(throws: Failure()) { try await eventually("it is asked") { throw Failure() } }
  }
}

@Suite("SeededGenerator")
struct SeededGeneratorTests {
  @Test("the numbers are those of the published algorithm")
  func reference() {
    var generator = SeededGenerator(seed: 1_234_567)
    let numbers = (0..<3).map { _ in generator.next() }
    #expect(numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
  }

  @Test("one seed gives one sequence, another seed another")
  func seeds() {
    var (first, same, other) = (SeededGenerator(seed: 1), SeededGenerator(seed: 1), SeededGenerator(seed: 2))
    let numbers = (0..<100).map { _ in first.next() }
    #expect(numbers == (0..<100).map { _ in same.next() })
    #expect(numbers != (0..<100).map { _ in other.next() })
  }
}
