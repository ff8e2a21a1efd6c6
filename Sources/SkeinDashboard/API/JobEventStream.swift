internal import FoundationEssentials
internal import HTTPTypes
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinNetwork

/// The changes of jobs as server-sent events, from now on or from a revision that was seen before.
///
/// Who comes again says so by `Last-Event-ID`, as browsers do by themselves, and misses no job: changes of one job that follow
/// each other closely may appear as one.
struct JobEventStream: Sendable {
  private let queue: JobQueue
  private let follower: JobFollower
  private var start: Int64?
  private var states: Set<JobState>
  private var queueName: String?
  private var name: String?
  private var job: JobID?

  init(_ request: Request, _ queue: JobQueue, _ follower: JobFollower) throws {
    (self.queue, self.follower) = (queue, follower)
    let last = request.headers[HTTPField.Name("Last-Event-ID")!] ?? request.query["after"]
    if let last, !last.isEmpty {
      guard let revision = Int64(last), revision >= 0 else {
        throw JobQueueError.invalidInput("'after' must be the id of an event that was seen")
      }
      start = revision
    }
    states = try request.query.values("state").reduce(into: []) { $0.formUnion(try JobQuery.states($1)) }
    (queueName, name) = (request.query["queue"], request.query["name"])
    if let text = request.query["job"] {
      guard let id = JobID(text) else {
        throw JobQueueError.invalidInput("'job' must be the full id of a job")
      }
      job = id
    }
  }

  private func accepts(_ record: JobRecord) -> Bool {
    (states.isEmpty || states.contains(record.state)) && (queueName == nil || queueName == record.queue)
      && (name == nil || name == record.kind.name) && (job == nil || job == record.id)
  }

  func response() -> Response {
    .events { events in
      let news = follower.news()
      let present = await follower.ready().feed.end
      let position = start ?? present
      // So that the client knows that it is heard.
      try await events.sendHeartbeat()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await beat(events) }
        group.addTask { [position] in
          var position = position
          try await send(events, from: &position)
          for await _ in news { try await send(events, from: &position) }
        }
        // The one that ends, because the client has gone or the server stops, ends the other.
        defer { group.cancelAll() }
        try await group.next()
      }
    }
  }

  private func beat(_ events: EventWriter) async throws {
    while true {
      try await Task.sleep(until: .now + .seconds(15), clock: .continuous)
      try await events.sendHeartbeat()
    }
  }

  private func send(_ events: EventWriter, from position: inout Int64) async throws {
    while true {
      let changes =
        try follower.now.feed.changes(after: position) ?? queue.store.changes(after: position, limit: 500)
      guard let last = changes.last else { return }
      for record in changes where accepts(record) {
        try await events.send(
          ServerSentEvent(try JSONText.encode(JobView(record)), event: "job", id: "\(record.revision)"))
      }
      position = last.revision
    }
  }
}
