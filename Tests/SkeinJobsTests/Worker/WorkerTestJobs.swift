import Logging
import SkeinJobs
import SkeinResilience
import SkeinSync
import SkeinTesting
import SkeinThreads

/// What the jobs below meet their test at.
let workerMeeting = TestSignals<String>()

/// What the worker of the tests knows.
let workerTestJobs: [any Job.Type] = [
  Add.self, Blocking.self, Flaky.self, Hold.self, Infinite.self, Ordered.self, Telling.self,
]

/// Adds numbers.
struct Add: Job {
  static let name = "add"
  var a: Int
  var b: Int
  func run(in context: JobContext) async throws -> Int { a + b }
}

/// Blocks its thread until it is told, and says which thread that was.
struct Blocking: Job {
  static let name = "blocking"
  static let blocks = true
  static let gates = Lock<[String: Event]>([:])

  var key: String

  func run(in context: JobContext) async throws -> String {
    try block()
    return ThreadInfo.current.name
  }

  private func block() throws {
    workerMeeting.reach("began " + key)
    try Self.gate(key).wait()
  }

  static func gate(_ key: String) -> Event {
    gates.withLock { gates in
      let gate = gates[key] ?? Event(name: key)
      gates[key] = gate
      return gate
    }
  }
}

/// Fails until an attempt.
struct Flaky: Job {
  static let name = "flaky"
  var succeedsAt: Int
  var isPermanent = false

  struct Broken: Error {}
  struct Hopeless: PermanentError, ExitCodeError { var exitCode: Int32 { 7 } }

  var options: JobOptions {
    JobOptions {
      $0.retry = RetryPolicy(backoff: .fixed(.milliseconds(1)), jitter: .none, maximumAttempts: 3)
    }
  }

  func run(in context: JobContext) async throws -> Int {
    context.appendLog(line: "attempt \(context.attempt)")
    if isPermanent { throw Hopeless() }
    if context.attempt < succeedsAt { throw Broken() }
    return context.attempt
  }
}

/// Tells that it began, then runs until it is told or, unless it is stubborn, until it is cancelled.
struct Hold: Job {
  static let name = "hold"
  var key: String
  var isStubborn = false

  func run(in context: JobContext) async throws -> Nothing {
    workerMeeting.reach("began " + key)
    // A task of its own does not hear of a cancellation.
    let release = Task { [key] in try await workerMeeting.wait(for: "release " + key) }
    if isStubborn {
      try await release.value
    } else {
      try await withTaskCancellationHandler {
        try await release.value
      } onCancel: {
        release.cancel()
      }
    }
    return Nothing()
  }
}

/// Gives what JSON can not express.
struct Infinite: Job {
  static let name = "infinite"
  func run(in context: JobContext) async throws -> Double { .infinity }
}

/// Tells the order in which it ran.
struct Ordered: Job {
  static let name = "ordered"
  static let order = Lock<[String: [Int]]>([:])
  var key: String
  var number: Int

  func run(in context: JobContext) async throws -> Nothing {
    Self.order.withLock { $0[key, default: []].append(number) }
    return Nothing()
  }
}

/// Reports and logs, then enqueues a child.
struct Telling: Job {
  static let name = "telling"
  var key: String

  func run(in context: JobContext) async throws -> Nothing {
    context.reportProgress(0.5, "half way")
    context.logger.critical("hello", metadata: ["x": "y"])
    context.appendLog(line: "a line")
    workerMeeting.reach("told " + key)
    try await workerMeeting.wait(for: "release " + key)
    return Nothing()
  }
}
