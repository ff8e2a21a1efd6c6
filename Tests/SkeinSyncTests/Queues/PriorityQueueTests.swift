import SkeinSync
import SkeinTesting
import Testing

private struct Job: Sendable, Equatable {
  var urgency: Int
  var number: Int
}

@Suite("PriorityQueue")
struct PriorityQueueTests {
  @Test("equal elements come out in the order in which they came", arguments: [1, 2, 3] as [UInt64])
  func stable(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let queue = PriorityQueue<Job>(by: { $0.urgency < $1.urgency })
    let jobs = (0..<500).map { Job(urgency: Int.random(in: 0..<5, using: &generator), number: $0) }
    for job in jobs { try await queue.put(job) }
    var got: [Job] = []
    while let job = queue.tryGet() { got.append(job) }
    #expect(got == jobs.sorted { ($0.urgency, $0.number) < ($1.urgency, $1.number) })
  }

  @Test("whoever waits gets what comes, and a full queue gives its best to the next")
  func waiting() async throws {
    let queue = PriorityQueue<Int>(capacity: 2)
    let first = Task { try await queue.get() }
    try await eventually("one waits") { queue.waiterCount == 1 }
    try await queue.put(9)
    #expect(try await first.value == 9)
    try await queue.put(5)
    try await queue.put(7)
    let late = Task { try await queue.put(1) }
    try await eventually("one waits to put") { queue.waiterCount == 1 }
    // The late one comes in only when there is room: the order holds among what is held.
    let got = [try await queue.get(), try await queue.get(), try await queue.get()]
    try await late.value
    #expect(got == [5, 1, 7])
  }
}
