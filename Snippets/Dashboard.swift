// Serves the dashboard and the HTTP API of a queue beside a worker of the same process.

import Foundation
import SkeinDashboard
import SkeinJobs

struct Greet: Job {
  static let name = "greet"
  var who: String

  func run(in context: JobContext) async throws -> String { "Hello, \(who)!" }
}

let queue = try await JobQueue(directory: NSTemporaryDirectory() + "skein-dashboard-snippet")
let registry = try JobRegistry([Greet.self])
let worker = try Worker(store: queue.store, registry: registry)
let dashboard = try Dashboard(queue: queue, registry: registry) { endpoint in
  print("dashboard at http://\(endpoint)/")
}

try await withThrowingTaskGroup(of: Void.self) { group in
  group.addTask { try await dashboard.run() }
  group.addTask { try await worker.run() }
  _ = try await queue.enqueue(Greet(who: "world")).result(timeout: .seconds(10))
  group.cancelAll()
}
