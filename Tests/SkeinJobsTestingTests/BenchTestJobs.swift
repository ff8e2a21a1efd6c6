import Foundation
import SkeinJobs
import SkeinJobsTesting
import SkeinResilience
import SkeinSync

/// What jobs of the tests act on: the test's own, since they run with its task-locals.
final class World: Sendable {
  @TaskLocal static var current = World()

  private let words = Lock<[String]>([], name: "words")
  let action: @Sendable (JobContext) async throws -> Void

  init(_ action: @escaping @Sendable (JobContext) async throws -> Void = { _ in }) { self.action = action }

  var said: [String] { words.withLock { $0 } }
  func say(_ word: String) { words.withLock { $0.append(word) } }
}

/// Runs `body` with a world of its own.
func inWorld(
  _ action: @escaping @Sendable (JobContext) async throws -> Void = { _ in },
  _ body: (World) async throws -> Void
) async throws {
  let world = World(action)
  try await World.$current.withValue(world) { try await body(world) }
}

/// Says its word.
struct Say: Job {
  static let name = "say"
  var word: String

  func run(in context: JobContext) async throws -> Int {
    World.current.say(word)
    return word.count
  }
}

/// Says what time it is, in seconds since the bench's start.
struct TellTime: Job {
  static let name = "tell-time"
  var label = ""

  func run(in context: JobContext) async throws -> Nothing {
    World.current.say("\(label)\(context.now.timeIntervalSince(JobBench.defaultStart))")
    return Nothing()
  }
}

/// Does what the test has said.
struct Act: Job {
  static let name = "act"

  func run(in context: JobContext) async throws -> Nothing {
    try await World.current.action(context)
    return Nothing()
  }
}

/// Fails as often as it says.
struct Flaky: Job {
  static let name = "flaky"
  var failures: Int
  var policy = RetryPolicy(backoff: .fixed(.seconds(10)), jitter: .none, maximumAttempts: 5)

  var options: JobOptions { JobOptions { $0.retry = policy } }

  struct Broken: Error, Equatable { var attempt: Int }

  func run(in context: JobContext) async throws -> Nothing {
    World.current.say("\(context.now.timeIntervalSince(JobBench.defaultStart))")
    if context.attempt <= failures { throw Broken(attempt: context.attempt) }
    return Nothing()
  }
}

/// Adds up what others have given.
struct Total: Job {
  static let name = "total"
  var parts: [JobResult<Int>]

  func run(in context: JobContext) async throws -> Int { try parts.reduce(0) { try $0 + $1.value } }
}

extension JobBench {
  static let testJobs: [any Job.Type] = [Say.self, TellTime.self, Act.self, Flaky.self, Total.self]

  convenience init(mode: Mode = .manual, _ change: (inout JobBenchOptions) -> Void = { _ in }) throws {
    try self.init(Self.testJobs, mode: mode, change)
  }
}
