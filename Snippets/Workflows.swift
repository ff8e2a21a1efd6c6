// Builds a workflow: a group, the job that joins its results, a fallback, what follows the whole, and limits.

import Foundation
import SkeinJobs

struct Fetch: Job {
  static let name = "fetch"
  var url: String

  // All fetches of one host stand under one limit.
  var options: JobOptions { JobOptions { $0.concurrencyKey = "host-" + (URL(string: url)?.host() ?? "") } }

  func run(in context: JobContext) async throws -> Int { url.utf8.count }
}

struct Cached: Job {
  static let name = "cached"
  var url: String
  func run(in context: JobContext) async throws -> Int { 0 }
}

struct Index: Job {
  static let name = "index"
  var pages: [JobResult<Int>]
  func run(in context: JobContext) async throws -> Int { try pages.reduce(0) { try $0 + $1.value } }
}

struct Tell: Job {
  static let name = "tell"
  var message: String
  func run(in context: JobContext) async throws -> Nothing {
    context.appendLog(line: message)
    return Nothing()
  }
}

let queue = try await JobQueue(directory: NSTemporaryDirectory() + "skein-snippet-workflows")
let worker = try Worker(
  store: queue.store, registry: JobRegistry([Fetch.self, Cached.self, Index.self, Tell.self]))
let working = Task { try await worker.run() }

try await queue.setLimit(JobLimit(.key("host-*"), concurrency: 2, rate: .init(100, per: .seconds(1))))

var flow = JobFlow()
let urls = ["https://example.org/a", "https://example.org/b", "https://example.net/c"]
let pages = try flow.add(urls.map { Fetch(url: $0) })  // a group
try flow.add(Cached(url: urls[0]), insteadOf: pages[0])  // runs if that one fails, and takes its place
let index = try flow.add(Index(pages: pages))  // a chord: it finds the results in their order
try flow.add(Tell(message: "indexed"), after: [index.success])  // a chain
try flow.whenOneFails(Tell(message: "something failed"))
try flow.whenAllEnd(Tell(message: "over"))

let enqueued = try await queue.enqueue(flow)
print(try await enqueued.value(of: index, timeout: .seconds(10)))
print(try await enqueued.waitForEnd(timeout: .seconds(10)))

worker.stop()
try await working.value
