import Foundation
import Logging
import SkeinJobs
import SkeinResilience
import SkeinSync
import SkeinTesting
import SkeinWork
import Testing

/// How long to wait for an end that surely comes.
private let patience = Duration.seconds(300)

@Suite("Worker")
struct WorkerTests {
  private let key = UUID().uuidString

  /// Runs `body` with a queue and a worker of its own.
  private func withQueue(
    _ kind: StoreKind, concurrency: Int = 2, _ change: (inout WorkerOptions) -> Void = { _ in },
    _ body: (JobQueue, Worker) async throws -> Void
  ) async throws {
    try await withStore(kind) { (store) async throws in
      try await withWorker(store, workerTestJobs, concurrency: concurrency, change) { worker in
        try await body(JobQueue(store: store), worker)
      }
    }
  }

  @Test("a job runs and its result comes back typed", arguments: StoreKind.allCases)
  func result(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let handles = try await queue.enqueue((0..<50).map { Add(a: $0, b: 1) })
      for (number, handle) in handles.enumerated() {
        #expect(try await handle.result(timeout: patience) == number + 1)
      }
      #expect(try await handles[0].status() == .succeeded)
    }
  }

  @Test("jobs that block hold up neither the worker nor the jobs that do not", arguments: StoreKind.allCases)
  func blocking(kind: StoreKind) async throws {
    try await withQueue(kind, concurrency: 5) { (queue, _) async throws in
      // More of them than the cooperative pool has threads.
      let blocked = try await queue.enqueue((0..<4).map { _ in Blocking(key: key) })
      try await workerMeeting.wait(for: "began " + key, count: 4)
      let sum = try await queue.enqueue(Add(a: 1, b: 2)).result(timeout: patience)
      #expect(sum == 3)
      Blocking.gate(key).set()
      for handle in blocked {
        let thread = try await handle.result(timeout: patience)
        #expect(thread.hasPrefix("skein-job-"))
      }
    }
  }

  @Test("a failing job is retried by its policy until it succeeds", arguments: StoreKind.allCases)
  func retried(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let handle = try await queue.enqueue(Flaky(succeedsAt: 3))
      #expect(try await handle.result(timeout: patience) == 3)
      let record = try #require(try await queue.job(handle.id))
      #expect((record.life.attempts, record.life.failures) == (3, 2))
      let attempts = try await queue.store.attempts(of: record.sequence)
      #expect(attempts.map(\.outcome) == [.failed, .failed, .succeeded])
      #expect(try await queue.store.log(of: record.sequence, attempt: 2, from: 0) == Data("attempt 2\n".utf8))
    }
  }

  @Test("a job that fails for good says why", arguments: StoreKind.allCases)
  func failed(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let exhausted = try await queue.enqueue(Flaky(succeedsAt: 9))
      await expectError(.jobFailed, contains: "exhausted") {
        try await exhausted.result(timeout: patience)
      }
      let permanent = try await queue.enqueue(Flaky(succeedsAt: 9, isPermanent: true))
      await expectError(.jobFailed, contains: "permanent") {
        try await permanent.result(timeout: patience)
      }
      let record = try #require(try await queue.job(permanent.id))
      #expect(record.life.attempts == 1)
      #expect(try await queue.store.attempts(of: record.sequence)[0].error?.exitCode == 7)
    }
  }

  @Test(
    "input that does not fit and a result that can not be stored fail the job clearly",
    arguments: StoreKind.allCases)
  func codec(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let infinite = try await queue.enqueue(Infinite())
      await expectError(.jobFailed, contains: "can not be stored") {
        try await infinite.result(timeout: patience)
      }
      let wrong = try await queue.enqueue([.test("add", input: #"{"a":"x","b":1}"#)])[0]
      let record = try await queue.waitForEnd(of: wrong.id, timeout: patience)
      #expect(record.life.reason == .permanent)
      let error = try #require(try await queue.store.attempts(of: record.sequence)[0].error)
      #expect(error.message.contains("at a there is no Int"))
    }
  }

  // MARK: Limits

  @Test("the soft limit cancels the task, and the attempt has timed out", arguments: StoreKind.allCases)
  func softLimit(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let handle = try await queue.enqueue(Hold(key: key)) { $0.softTimeLimit = .milliseconds(20) }
      await expectError(.jobFailed, contains: "timeLimit") { try await handle.result(timeout: patience) }
      let record = try #require(try await queue.job(handle.id))
      #expect(try await queue.store.attempts(of: record.sequence).map(\.outcome) == [.timedOut])
    }
  }

  @Test(
    "the hard limit fails a stubborn attempt at once, and its place stays taken until it ends",
    arguments: StoreKind.allCases)
  func hardLimit(kind: StoreKind) async throws {
    try await withQueue(kind, concurrency: 1) { (queue, _) async throws in
      let stubborn = try await queue.enqueue(Hold(key: key, isStubborn: true)) {
        $0.hardTimeLimit = .milliseconds(20)
      }
      await expectError(.jobFailed, contains: "hard time limit") {
        try await stubborn.result(timeout: patience)
      }
      let next = try await queue.enqueue(Add(a: 1, b: 1))
      await expectError(.timedOut, contains: "still") { try await next.result(timeout: .milliseconds(30)) }
      workerMeeting.reach("release " + key)
      #expect(try await next.result(timeout: patience) == 2)
    }
  }

  // MARK: Cancellation

  @Test("a running job that is cancelled stops and is cancelled", arguments: StoreKind.allCases)
  func cancelRunning(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let handle = try await queue.enqueue(Hold(key: key))
      try await workerMeeting.wait(for: "began " + key)
      #expect(try await handle.cancel().life.isCancelRequested)
      await expectError(.jobCancelled) { try await handle.result(timeout: patience) }
    }
  }

  @Test("a job that ends well in spite of a cancellation has succeeded", arguments: StoreKind.allCases)
  func cancelIgnored(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let handle = try await queue.enqueue(Hold(key: key, isStubborn: true))
      try await workerMeeting.wait(for: "began " + key)
      try await handle.cancel()
      workerMeeting.reach("release " + key)
      _ = try await handle.result(timeout: patience)
    }
  }

  @Test("whoever waits for a result can stop waiting; the job goes on", arguments: StoreKind.allCases)
  func stopWaiting(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let handle = try await queue.enqueue(Hold(key: key))
      try await workerMeeting.wait(for: "began " + key)
      let waiting = Task { try await handle.result() }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      #expect(try await handle.status() == .running)
      workerMeeting.reach("release " + key)
      _ = try await handle.result(timeout: patience)
    }
  }

  // MARK: Order

  @Test("urgent jobs overtake a backlog, and equals keep their order", arguments: StoreKind.allCases)
  func priority(kind: StoreKind) async throws {
    try await withStore(kind) { (store) async throws in
      let queue = JobQueue(store: store)
      var handles = try await queue.enqueue((0..<20).map { Ordered(key: key, number: $0) })
      handles += try await queue.enqueue((20..<23).map { Ordered(key: key, number: $0) }) { $0.priority = 9 }
      try await withWorker(store, workerTestJobs, concurrency: 1) { (_) async throws in
        for handle in handles { _ = try await handle.result(timeout: patience) }
      }
      let order = Ordered.order.withLock { $0[key] }
      #expect(order == [20, 21, 22] + Array(0..<20))
    }
  }

  @Test("jobs of a paused queue wait, and run when it is resumed", arguments: StoreKind.allCases)
  func pause(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      try await queue.pause("slow")
      let held = try await queue.enqueue(Add(a: 1, b: 1)) { $0.queue = "slow" }
      let other = try await queue.enqueue(Add(a: 2, b: 2))
      #expect(try await other.result(timeout: patience) == 4)
      #expect(try await held.status() == .ready)
      try await queue.resume("slow")
      #expect(try await held.result(timeout: patience) == 2)
    }
  }

  @Test(
    "a scheduled job runs at its time, without the worker being woken by others",
    arguments: StoreKind.allCases)
  func delayed(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let due = Date().addingTimeInterval(0.05)
      let handle = try await queue.enqueue(Add(a: 1, b: 1)) { $0.delay = .milliseconds(50) }
      _ = try await handle.result(timeout: patience)
      let started = try #require(try await queue.job(handle.id)?.startedAt)
      #expect(started >= due)
    }
  }

  // MARK: What an attempt tells

  @Test("progress and log of a running attempt can be read while it runs", arguments: StoreKind.allCases)
  func telling(kind: StoreKind) async throws {
    try await withQueue(kind) { (queue, _) async throws in
      let handle = try await queue.enqueue(Telling(key: key))
      try await eventually("the progress is stored") { try await queue.job(handle.id)?.progress != nil }
      let record = try #require(try await queue.job(handle.id))
      #expect(record.progress == JobProgress(fraction: 0.5, message: "half way"))
      try await eventually("the log is stored") {
        try await queue.store.log(of: record.sequence, attempt: 1, from: 0)
          == Data("critical: hello\na line\n".utf8)
      }
      workerMeeting.reach("release " + key)
      _ = try await handle.result(timeout: patience)
    }
  }

  @Test("the events of a queue show each job's latest state", arguments: StoreKind.allCases)
  func events(kind: StoreKind) async throws {
    try await withStore(kind) { (store) async throws in
      let queue = JobQueue(store: store)
      let events = queue.events(after: try store.revision())
      _ = try await queue.enqueue(Add(a: 1, b: 1))
      let states = try await withWorker(store, workerTestJobs) { (_) async throws in
        try await Self.states(in: events)
      }
      #expect(states == states.sorted())
      #expect(states.last == .succeeded)
    }
  }

  /// The states of a queue's only job, up to its end.
  private static func states(in events: JobEvents) async throws -> [JobState] {
    var states: [JobState] = []
    for try await record in events {
      states.append(record.state)
      if record.state.isFinished { break }
    }
    return states
  }

  @Test("more tasks can wait for results than there are readers", arguments: StoreKind.allCases)
  func manyWaiters(kind: StoreKind) async throws {
    try await withStore(kind) { (store) async throws in
      let queue = JobQueue(store: store)
      let handles = try await queue.enqueue((0..<100).map { Add(a: $0, b: 0) })
      let waiting = handles.map { handle in Task { try await handle.result(timeout: patience) } }
      let sum = try await withWorker(store, workerTestJobs) { (_) async throws in
        var sum = 0
        for task in waiting { sum += try await task.value }
        return sum
      }
      #expect(sum == 4950)
    }
  }

  @Test("a handle can be captured where events are read", arguments: StoreKind.allCases)
  func capturedHandle(kind: StoreKind) async throws {
    try await withStore(kind) { (store) async throws in
      let queue = JobQueue(store: store)
      let events = queue.events(after: try store.revision())
      let handle = try await queue.enqueue(Add(a: 1, b: 1))
      // This closure crashed as long as an id was a UInt128: see JobID.
      let end = try await withWorker(store, workerTestJobs) { (_) async throws in
        for try await record in events where record.id == handle.id {
          if record.state.isFinished { return record.state }
        }
        return .ready
      }
      #expect(end == .succeeded)
    }
  }

  // MARK: Stopping

  @Test("a worker that stops finishes what runs, and leaves the rest ready", arguments: StoreKind.allCases)
  func finishing(kind: StoreKind) async throws {
    try await withStore(kind) { (store) async throws in
      let queue = JobQueue(store: store)
      var options = WorkerOptions()
      options.concurrency = 1
      let worker = try Worker(
        store: store, registry: JobRegistry(workerTestJobs), options: options, logger: .quiet)
      let running = Task { try await worker.run() }
      let first = try await queue.enqueue(Hold(key: key))
      try await workerMeeting.wait(for: "began " + key)
      let second = try await queue.enqueue(Add(a: 1, b: 1))
      worker.stop()
      workerMeeting.reach("release " + key)
      try await running.value
      #expect(try await first.status() == .succeeded)
      #expect(try await second.status() == .ready)
      #expect(try await store.workers().isEmpty)
    }
  }

  @Test(
    "a worker that must leave hands back what runs, even what does not listen", arguments: StoreKind.allCases)
  func leaving(kind: StoreKind) async throws {
    try await withStore(kind) { (store) async throws in
      let queue = JobQueue(store: store)
      let worker = try Worker(store: store, registry: JobRegistry(workerTestJobs), logger: .quiet)
      let running = Task { try await worker.run() }
      let handle = try await queue.enqueue(Hold(key: key, isStubborn: true))
      try await workerMeeting.wait(for: "began " + key)
      running.cancel()
      try await running.value
      let record = try #require(try await queue.job(handle.id))
      #expect((record.state, record.life.attempts, record.life.failures) == (.ready, 1, 0))
      #expect(try await store.attempts(of: record.sequence).map(\.outcome) == [.handedBack])
      workerMeeting.reach("release " + key)
      try await withWorker(store, workerTestJobs) { _ in _ = try await handle.result(timeout: patience) }
    }
  }

  @Test("a worker can be started and stopped again and again", arguments: StoreKind.allCases)
  func startStop(kind: StoreKind) async throws {
    try await withStore(kind) { (store) async throws in
      let queue = JobQueue(store: store)
      let handles = try await queue.enqueue((0..<200).map { Add(a: $0, b: 0) })
      for round in 0..<20 {
        let worker = try Worker(store: store, registry: JobRegistry(workerTestJobs), logger: .quiet)
        let running = Task { try await worker.run() }
        if round % 2 == 0 { await Task.yield() }
        if round % 3 == 0 { running.cancel() } else { worker.stop() }
        try await running.value
      }
      try await withWorker(store, workerTestJobs) { (_) async throws in
        for (number, handle) in handles.enumerated() {
          #expect(try await handle.result(timeout: patience) == number)
        }
      }
    }
  }

  @Test(
    "a job that asks for exact acknowledgement is stored before its place is free",
    arguments: StoreKind.allCases)
  func exact(kind: StoreKind) async throws {
    let steps = Lock<[String]>([])
    try await withQueue(
      kind, concurrency: 1,
      {
        $0.onStep = { step, token in
          if step == .placed || step == .stored { steps.withLock { $0.append("\(step) \(token.sequence)") } }
        }
      }
    ) { queue, _ in
      let handles = try await queue.enqueue((0..<5).map { Add(a: $0, b: 0) }) {
        $0.acknowledgesExactly = true
      }
      for handle in handles { _ = try await handle.result(timeout: patience) }
      try await eventually("the last end is noted") { steps.withLock { $0.count == 10 } }
    }
    let expected = (1...5).flatMap { ["placed \($0)", "stored \($0)"] }
    let seen = steps.withLock { $0 }
    #expect(seen == expected)
  }

  @Test("wrong options are refused before the worker starts")
  func options() async {
    let changes: [@Sendable (inout WorkerOptions) -> Void] = [
      { $0.concurrency = 0 }, { $0.unackedLimit = 0 }, { $0.queues = [.init("a", weight: 0)] },
      { $0.queues = [.init("a"), .init("a")] }, { $0.queues = [.init("")] },
    ]
    for change in changes {
      var options = WorkerOptions()
      change(&options)
      let wrong = options
      await expectError(.invalidInput) {
        try Worker(store: MemoryJobStore(), registry: JobRegistry(), options: wrong)
      }
    }
  }

  @Test("a name that is used twice or malformed is refused by the registry")
  func registry() throws {
    #expect(throws: WorkNameError.taken("add")) { try JobRegistry([Add.self, Add.self]) }
    let names = try JobRegistry(workerTestJobs).names
    #expect(names == workerTestJobs.map { $0.name }.sorted())
  }
}
