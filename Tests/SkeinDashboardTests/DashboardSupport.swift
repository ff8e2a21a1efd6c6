import Foundation
import HTTPTypes
import Logging
import NIOCore
import SkeinBuiltinJobs
import SkeinJobForms
import SkeinJobs
import SkeinNetwork
import Testing

@testable import SkeinDashboard

/// Where a dashboard's jobs are kept.
enum DashboardStore: CaseIterable {
  case memory, sqlite
}

/// A dashboard without a server: its answers come by calls. Each answer of the API is checked against the OpenAPI document.
struct TestDashboard: Sendable {
  let queue: JobQueue
  let follower: JobFollower
  let handler: RequestHandler

  /// Asks for something.
  func call(
    _ method: HTTPRequest.Method, _ target: String, json: String? = nil, headers: HTTPFields = [:]
  ) async throws -> Answer {
    var fields = headers
    if json != nil, fields[.contentType] == nil { fields[.contentType] = "application/json" }
    let request = Request(method, target, headers: fields, body: json.map { .text($0) } ?? .empty)
    let response = try await handler(request, RequestContext())
    let body = String(buffer: try await response.body.collect())
    let answer = Answer(status: response.status.code, headers: response.headers, body: body)
    if request.path.hasPrefix("/api/v1/"),
      response.status.code != 404 || response.headers[.contentType] != nil
    {
      try OpenAPIDocument.shared.check(answer, to: method, request.path)
    }
    return answer
  }

  func get(_ target: String, headers: HTTPFields = [:]) async throws -> Answer {
    try await call(.get, target, headers: headers)
  }

  func post(_ target: String, _ json: String? = nil, headers: HTTPFields = [:]) async throws -> Answer {
    try await call(.post, target, json: json, headers: headers)
  }

  /// Waits until the follower knows all that has happened.
  func settle() async throws {
    let news = follower.news()
    let end = try queue.store.revision()
    if follower.now.isReady, follower.now.seen >= end { return }
    for await _ in news where follower.now.isReady && follower.now.seen >= end { break }
  }

  /// What was answered.
  struct Answer {
    var status: Int
    var headers: HTTPFields
    var body: String

    /// The body as JSON.
    var json: [String: Any] {
      get throws { try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) }
    }
  }
}

/// Runs something with a dashboard over a queue of its own.
func withDashboard(
  _ store: DashboardStore = .memory, _ change: (inout Dashboard.Options) -> Void = { _ in },
  _ body: (TestDashboard) async throws -> Void
) async throws {
  var options = Dashboard.Options()
  options.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  change(&options)
  let directory = FileManager.default.temporaryDirectory.path + "/dashboard-\(JobID())"
  defer { try? FileManager.default.removeItem(atPath: directory) }
  let queue =
    switch store {
    case .memory: JobQueue(store: MemoryJobStore())
    case .sqlite: try await JobQueue(directory: directory)
    }
  let follower = JobFollower(
    queue: queue, directory: store == .sqlite ? directory : nil, logger: options.logger)
  let handler = try Dashboard.router(queue, JobRegistry(BuiltinJobs.all), follower, options).makeHandler()
  let following = Task { await follower.run() }
  // So that what is done from now on is a change.
  _ = await follower.ready()
  let result: Result<Void, any Error>
  do {
    try await body(TestDashboard(queue: queue, follower: follower, handler: handler))
    result = .success(())
  } catch {
    result = .failure(error)
  }
  following.cancel()
  await following.value
  try await queue.close()
  try result.get()
}
