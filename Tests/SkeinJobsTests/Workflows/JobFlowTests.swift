import Foundation
import SkeinJobs
import SkeinResilience
import SkeinTesting
import Testing

/// How long to wait for an end that surely comes.
private let patience = Duration.seconds(300)

private let jobs: [any Job.Type] = [
  Square.self, Total.self, Describe.self, Explode.self, Remark.self, Spread.self, Gather.self,
]

/// Gives the square of a number.
private struct Square: Job {
  static let name = "square"
  var number: Int
  func run(in context: JobContext) async throws -> Int { number * number }
}

/// Joins numbers.
private struct Total: Job {
  static let name = "total"
  var parts: [JobResult<Int>]
  func run(in context: JobContext) async throws -> [Int] { try parts.map { try $0.value } }
}

/// Takes results of different types.
private struct Describe: Job {
  static let name = "describe"
  var numbers: JobResult<[Int]>
  var title: JobResult<String>
  var one: JobResult<Int>?
  func run(in context: JobContext) async throws -> String {
    try "\(title.value): \(numbers.value)" + (one.map { try " \($0.value)" } ?? "")
  }
}

/// Fails for good.
private struct Explode: Job {
  static let name = "explode"
  struct Boom: PermanentError {}
  func run(in context: JobContext) async throws -> Int { throw Boom() }
}

/// Says a word, and what it found of a result that need not be there.
private struct Remark: Job {
  static let name = "remark"
  var word: String
  var seen: JobResult<Int>?
  func run(in context: JobContext) async throws -> String {
    guard let seen else { return word }
    do { return try "\(word) \(seen.value)" } catch let error as JobQueueError {
      return "\(word) \(error.code)"
    }
  }
}

/// Puts further jobs alongside of itself.
private struct Spread: Job {
  static let name = "spread"
  var directory: String
  var count: Int
  func run(in context: JobContext) async throws -> Int {
    let queue = try await JobQueue(directory: directory)
    _ = try await queue.enqueue((1...count).map { Square(number: $0) }, alongside: context)
    try await queue.close()
    return 0
  }
}

/// Joins whatever it has waited for.
private struct Gather: Job {
  static let name = "gather"
  func run(in context: JobContext) async throws -> [Int] { try context.results(as: Int.self) }
}

@Suite("JobFlow")
struct JobFlowTests {
  private func withQueue(_ kind: StoreKind, _ body: (JobQueue) async throws -> Void) async throws {
    try await withStore(kind) { (store) async throws in
      try await withWorker(store, jobs) { _ in try await body(JobQueue(store: store)) }
    }
  }

  @Test("a chord joins the results of its group in their order", arguments: StoreKind.allCases)
  func chord(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue) async throws in
      var flow = JobFlow()
      let total = try flow.chord((0..<40).map { Square(number: $0) }) { Total(parts: $0) }
      let title = try flow.add(Remark(word: "squares"))
      let text = try flow.add(Describe(numbers: total, title: title))
      let enqueued = try await queue.enqueue(flow)
      let squares = (0..<40).map { $0 * $0 }
      #expect(try await enqueued.value(of: total, timeout: patience) == squares)
      #expect(try await enqueued.value(of: text, timeout: patience) == "squares: \(squares)")
      #expect(try await enqueued.waitForEnd(timeout: patience) == [.succeeded: 43])
      #expect(try await enqueued.counts() == [.succeeded: 43])
    }
  }

  @Test("a chain goes step by step, and a handle's output can be referred to", arguments: StoreKind.allCases)
  func chain(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue) async throws in
      var flow = JobFlow()
      let steps = try flow.chain((0..<5).map { Square(number: $0) })
      let enqueued = try await queue.enqueue(flow)
      try await enqueued.waitForEnd(timeout: patience)
      let records = try await steps.asyncMap { try await queue.job($0.job)! }
      for (step, next) in zip(records, records.dropFirst()) { #expect(next.startedAt! >= step.finishedAt!) }
      let one = try await queue.enqueue(Square(number: 3))
      let joined = try await queue.enqueue(Total(parts: [one.output, JobResult(of: steps[2].job)]))
      #expect(try await joined.result(timeout: patience) == [9, 4])
    }
  }

  @Test("a failure cancels what depends on it, and no more", arguments: StoreKind.allCases)
  func cancelDependents(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue) async throws in
      var flow = JobFlow()
      let bad = try flow.add(Explode())
      let good = try flow.add(Square(number: 2))
      let total = try flow.add(Total(parts: [good, bad]))
      let next = try flow.add(Remark(word: "next"), after: [total.success])
      let closing = try flow.add(Remark(word: "closing", seen: bad), after: [bad.end])
      let alarm = try flow.whenOneFails(Remark(word: "alarm"))
      let done = try flow.whenAllSucceed(Remark(word: "done"))
      let over = try flow.whenAllEnd(Remark(word: "over"))
      let enqueued = try await queue.enqueue(flow)
      #expect(try await enqueued.value(of: closing, timeout: patience) == "closing noResult")
      #expect(try await enqueued.value(of: alarm, timeout: patience) == "alarm")
      #expect(try await enqueued.value(of: over, timeout: patience) == "over")
      for result in [next.job, total.job, done.job] {
        #expect(try await queue.status(of: result) == .cancelled)
      }
      #expect(try await enqueued.waitForEnd(timeout: patience) == [.failed: 1, .succeeded: 4, .cancelled: 3])
    }
  }

  @Test("a flow that goes on runs what refers to a failed job", arguments: StoreKind.allCases)
  func goOn(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue) async throws in
      var flow = JobFlow(onFailure: .goOn)
      let bad = try flow.add(Explode())
      let note = try flow.add(Remark(word: "saw", seen: bad))
      let enqueued = try await queue.enqueue(flow)
      #expect(try await enqueued.value(of: note, timeout: patience) == "saw noResult")
    }
  }

  @Test("a fallback gives the result that the failed job owed", arguments: StoreKind.allCases)
  func fallback(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue) async throws in
      var flow = JobFlow(onFailure: .cancelAll)
      let bad = try flow.add(Explode())
      let instead = try flow.add(Square(number: 5), insteadOf: bad)
      let total = try flow.add(Total(parts: [bad]))
      let enqueued = try await queue.enqueue(flow)
      #expect(try await enqueued.value(of: total, timeout: patience) == [25])
      #expect(try await enqueued.value(of: instead, timeout: patience) == 25)
      await expectError(.jobFailed, contains: "Boom") { try await enqueued.value(of: bad, timeout: patience) }
    }
  }

  @Test(
    "what is for a failure, and was not needed, is no failure of the whole", arguments: StoreKind.allCases,
    JobFlow.FailurePolicy.allCases)
  func unneeded(kind: StoreKind, policy: JobFlow.FailurePolicy) async throws {
    try await withQueue(kind) { (queue) async throws in
      var flow = JobFlow(onFailure: policy)
      let good = try flow.add(Square(number: 2))
      try flow.add(Square(number: 3), insteadOf: good)
      let alarm = try flow.add(Remark(word: "alarm"), after: [good.failure])
      try flow.add(Remark(word: "after the alarm"), after: [alarm.success])
      let late = try flow.add(Square(number: 4), after: [good.end])
      let done = try flow.whenAllSucceed(Remark(word: "done"))
      let failed = try flow.whenOneFails(Remark(word: "failed"))
      let over = try flow.whenAllEnd(Remark(word: "over"))
      let enqueued = try await queue.enqueue(flow)
      #expect(try await enqueued.value(of: done, timeout: patience) == "done")
      #expect(try await enqueued.value(of: over, timeout: patience) == "over")
      #expect(try await enqueued.value(of: late, timeout: patience) == 16)
      await expectError(.jobCancelled) { try await enqueued.value(of: failed, timeout: patience) }
      #expect(try await enqueued.waitForEnd(timeout: patience) == [.succeeded: 4, .cancelled: 4])
    }
  }

  @Test("one failure ends a flow that fails together", arguments: StoreKind.allCases)
  func cancelAll(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue) async throws in
      var flow = JobFlow(onFailure: .cancelAll)
      try flow.add(Explode())
      let late = try flow.add(Square(number: 1)) { $0.delay = .seconds(3600) }
      let alarm = try flow.whenOneFails(Remark(word: "alarm"))
      let enqueued = try await queue.enqueue(flow)
      #expect(try await enqueued.value(of: alarm, timeout: patience) == "alarm")
      await expectError(.jobCancelled) { try await enqueued.value(of: late, timeout: patience) }
    }
  }

  @Test("a job that runs can spread out, and the join waits for all of it")
  func alongside() async throws {
    let directory = try TemporaryDirectory()
    let queue = try await JobQueue(directory: directory.path)
    try await withWorker(queue.store, jobs) { _ in
      var flow = JobFlow()
      try flow.add(Spread(directory: directory.path, count: 10))
      let all = try flow.whenAllSucceed(Gather())
      let enqueued = try await queue.enqueue(flow)
      #expect(try await enqueued.value(of: all, timeout: patience) == [0] + (1...10).map { $0 * $0 })
      #expect(try await enqueued.counts() == [.succeeded: 12])
    }
    try await queue.close()
  }

  @Test("a flow can be cancelled as a whole", arguments: StoreKind.allCases)
  func cancel(kind: StoreKind) async throws {
    try await withStore(kind) { (store) async throws in
      let queue = JobQueue(store: store)
      var flow = JobFlow()
      try flow.chain((0..<3).map { Square(number: $0) })
      let enqueued = try await queue.enqueue(flow)
      try await enqueued.cancel()
      #expect(try await enqueued.waitForEnd(timeout: patience) == [.cancelled: 3])
    }
  }

  @Test("a result is found in the job that waited for it, and nowhere else")
  func valueElsewhere() throws {
    let result = JobResult<Int>(of: JobID())
    #expect(throws: JobQueueError.self) { try result.value }
    let data = try JSONEncoder().encode(result)
    #expect(String(decoding: data, as: UTF8.self) == #"{"job":"\#(result.job)"}"#)
    #expect(try JSONDecoder().decode(JobResult<Int>.self, from: data).job == result.job)
  }

  @Test("what follows a whole of nothing is refused")
  func nothing() async throws {
    try await withStore(.memory) { (store) async throws in
      var flow = JobFlow()
      #expect(try await JobQueue(store: store).enqueue(flow).jobs.isEmpty)
      try flow.whenAllEnd(Remark(word: "over"))
      await expectError(.invalidInput, contains: "that has none") {
        try await JobQueue(store: store).enqueue(flow)
      }
    }
  }
}

extension Sequence {
  fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await body(element)) }
    return values
  }
}
