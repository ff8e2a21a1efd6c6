// Tests code that enqueues jobs, and the jobs: what was enqueued, what they do, what a repetition does, what time brings.
// In a test target each function is a test; a failure is a thrown error.

import SkeinJobs
import SkeinJobsTesting
import SkeinSync

/// What the jobs write to: the program's own, or a double in tests.
final class Images: Sendable {
  @TaskLocal static var current = Images()
  let widths = Lock<[String: Int]>([:], name: "images")
}

struct NoSuchImage: Error {}

struct Resize: Job {
  static let name = "image.resize"
  var path: String

  var options: JobOptions { JobOptions { $0.queue = "media" } }

  func run(in context: JobContext) async throws -> Int {
    guard !path.isEmpty else { throw NoSuchImage() }
    Images.current.widths.withLock { $0[path] = 640 }
    return 640
  }
}

struct Digest: Job {
  static let name = "digest"
  func run(in context: JobContext) async throws -> String { "digest of \(context.now)" }
}

/// The code under test.
struct Uploads {
  var queue: JobQueue

  func accept(_ path: String) async throws {
    _ = try await queue.enqueue(Resize(path: path)) { $0.priority = 9 }
  }
}

func testUploadsAreResized() async throws {
  let bench = try JobBench([Resize.self])
  try await Uploads(queue: bench.queue).accept("a.png")
  try bench.expectEnqueued(Resize.self, count: 1, queue: "media") { $0.path == "a.png" }
  let priorities = try bench.enqueued(Resize.self).map(\.priority)
  assert(priorities == [9])
  try await bench.drain(throwingFailures: true)
  try bench.expectNothingEnqueued()
}

func testResize() async throws {
  let bench = try JobBench([Resize.self])
  let width = try await bench.perform(Resize(path: "a.png"))
  assert(width == 640)
  do {
    _ = try await bench.perform(Resize(path: ""))
    assertionFailure("an empty path has no image")
  } catch is NoSuchImage {}
}

func testInline() async throws {
  let bench = try JobBench([Resize.self], mode: .inline)
  try await Uploads(queue: bench.queue).accept("b.png")
  assert(Images.current.widths.withLock { $0["b.png"] } == 640)
}

func testRepetition() async throws {
  let bench = try JobBench([Resize.self])
  try await Uploads(queue: bench.queue).accept("c.png")
  let report = try await bench.drain(deliveringTwice: true, throwingFailures: true)
  assert(report.runs.map(\.attempt.outcome) == [.crashed, .succeeded])
  assert(Images.current.widths.withLock { $0.count } == 1)
}

func testDigestComesOnMondays() async throws {
  let bench = try JobBench([Digest.self])
  try await bench.queue.schedule("digest", .cron("0 8 * * MON"), Digest())
  try await bench.advance(by: .seconds(7 * 86_400))
  assert(bench.runs(of: Digest.self).count == 1)
}

for test in [
  testUploadsAreResized, testResize, testInline, testRepetition, testDigestComesOnMondays,
] {
  // A double for each test: jobs run with the task-locals of the test.
  try await Images.$current.withValue(Images()) { try await test() }
}
print("all is well")
