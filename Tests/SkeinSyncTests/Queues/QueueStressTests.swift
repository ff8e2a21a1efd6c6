import SkeinSync
import SkeinTesting
import Testing

@Suite("Queue under stress")
struct QueueStressTests {
  /// What the consumers of a run got, and how many puts and gets were given up.
  private struct Tally {
    var put: [Int] = []
    var got: [Int] = []
  }

  @Test(
    "every element is given out once, though tasks and threads compete, give up and are cancelled",
    arguments: 1...4 as ClosedRange<UInt64>, [1, 3, nil] as [Int?])
  func conservation(seed: UInt64, capacity: Int?) async throws {
    let (queue, tally) = (Queue<Int>(capacity: capacity), Lock(Tally()))
    try await withThrowingTaskGroup { group in
      for producer in 0..<6 {
        group.addTask { await Self.produce(producer, seed, queue, tally) }
      }
      for consumer in 0..<6 {
        group.addTask { await Self.consume(consumer, seed, queue, tally) }
      }
      // Producers end by themselves; the consumers by the shutdown.
      for _ in 0..<6 { try await group.next() }
      queue.shutdown(.drain)
      try await group.waitForAll()
    }
    let (put, got) = tally.withLock { ($0.put.sorted(), $0.got.sorted()) }
    #expect(put == got, "seed \(seed)")
    #expect(queue.isEmpty && queue.waiterCount == 0 && queue.unfinishedCount == got.count)
  }

  private static func produce(
    _ producer: Int, _ seed: UInt64, _ queue: Queue<Int>, _ tally: Lock<Tally>
  ) async {
    var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(producer))
    for number in 0..<60 {
      let element = producer * 1000 + number
      let patience = Duration.microseconds(Int.random(in: 0...300, using: &generator))
      let attempt: Result<Void, any Error>
      switch Int.random(in: 0..<3, using: &generator) {
      case 0:
        attempt = await result { try await queue.put(element, timeout: patience) }
      case 1:
        attempt = await result { try await onThread { try queue.put(element, timeout: patience) } }
      default:
        let task = Task { try await queue.put(element) }
        if Bool.random(using: &generator) { task.cancel() }
        attempt = await task.result
      }
      if case .success = attempt { tally.withLock { $0.put.append(element) } }
    }
  }

  private static func consume(
    _ consumer: Int, _ seed: UInt64, _ queue: Queue<Int>, _ tally: Lock<Tally>
  ) async {
    var generator = SeededGenerator(seed: seed &* 7000 &+ UInt64(consumer))
    while true {
      let patience = Duration.microseconds(Int.random(in: 0...300, using: &generator))
      let attempt: Result<Int, any Error>
      switch Int.random(in: 0..<3, using: &generator) {
      case 0:
        attempt = await result { try await queue.get(timeout: patience) }
      case 1:
        attempt = await result { try await onThread { try queue.get(timeout: patience) } }
      default:
        let task = Task { try await queue.get() }
        if Bool.random(using: &generator) { task.cancel() }
        attempt = await task.result
      }
      switch attempt {
      case .success(let element): tally.withLock { $0.got.append(element) }
      case .failure(WaitError.closed): return
      case .failure: continue
      }
    }
  }

  private static func result<Success: Sendable>(
    _ body: () async throws -> Success
  ) async -> Result<Success, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
