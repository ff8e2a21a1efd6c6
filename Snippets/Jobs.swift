// Defines a job, enqueues it, runs it in this process, and awaits its result.

import Foundation
import SkeinJobs

struct Greet: Job {
  static let name = "greet"
  var who: String

  func run(in context: JobContext) async throws -> String { "Hello, \(who)!" }
}

let queue = try await JobQueue(directory: NSTemporaryDirectory() + "skein-snippet")
let worker = try Worker(store: queue.store, registry: JobRegistry([Greet.self]))
let working = Task { try await worker.run() }
let handle = try await queue.enqueue(Greet(who: "world")) { $0.priority = 9 }
print(try await handle.result(timeout: .seconds(10)))
worker.stop()
try await working.value
