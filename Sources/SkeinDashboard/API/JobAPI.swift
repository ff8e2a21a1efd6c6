internal import FoundationEssentials
internal import HTTPTypes
internal import NIOCore
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinNetwork

/// The queue over HTTP: what `/api/v1/openapi.json` describes.
struct JobAPI: Sendable {
  let queue: JobQueue
  let registry: JobRegistry
  let follower: JobFollower

  private static let prefix = "/api/v1"

  func add(to router: inout Router) {
    router.group(Self.prefix) { api in
      api.use(JSONBodies())
      addJobs(to: &api)
      addLogs(to: &api)
      addQueues(to: &api)
      addSchedules(to: &api)
      addWorkers(to: &api)
      api.get("/events") { request, _ in try JobEventStream(request, queue, follower).response() }
      api.get("/openapi.json") { _, _ in
        Response(
          headers: [.contentType: "application/json"],
          body: .bytes(ByteBuffer(bytes: PackageResources.openapi_json)))
      }
    }
  }

  // MARK: Jobs

  private func addJobs(to api: inout Router) {
    api.post("/jobs") { request, _ in try await submit(request) }
    api.get("/jobs") { request, _ in
      let page = try await JobQuery(request.query, passesOverEmpty: false).page(
        of: queue, await follower.ready().tally)
      return JSONAnswer(
        PageView(
          jobs: page.jobs.map(JobView.init), next: page.next.map { "\($0)" }, searchedTo: page.searchedTo))
    }
    api.get("/jobs/{job}") { _, context in
      JSONAnswer(try await JobDetails(of: job(context), in: queue).view)
    }
    api.get("/jobs/{job}/attempts") { _, context in
      let attempts = try await queue.store.attempts(of: job(context).sequence)
      return JSONAnswer(["attempts": attempts.map(AttemptView.init)])
    }
    api.post("/jobs/{job}/cancel") { _, context in
      JSONAnswer(JobView(try await queue.cancel(job(context).id)))
    }
    api.post("/jobs/{job}/retry") { _, context in
      JSONAnswer(JobView(try await queue.retry(job(context).id)))
    }
  }

  private struct PageView: Encodable {
    var jobs: [JobView]
    var next: String?
    var searchedTo: Int64?
  }

  private func submit(_ request: Request) async throws -> Response {
    let body = try await request.body.collect(upTo: JobPayload.mostBytes)
    let submission = try Submission(json: Data(body.readableBytesView))
    let key = request.headers[HTTPField.Name("Idempotency-Key")!]
    let (jobs, isReplayed): ([EnqueuedJob], Bool)
    do {
      (jobs, isReplayed) = try await submission.store(in: queue, registry: registry, key: key)
    } catch is Submission.KeyReused {
      throw HTTPError(.unprocessableContent, "the idempotency key was used before, for another submission")
    }
    let views = jobs.map(SubmittedView.init)
    var response: Response
    if submission.isSingle {
      response = try JSONAnswer(views[0], status: jobs[0].isExisting ? .ok : .created).response(to: request)
      response.headers[.location] = "\(Self.prefix)/jobs/\(jobs[0].id)"
    } else {
      response = try JSONAnswer(["jobs": views], status: .created).response(to: request)
    }
    if isReplayed { response.headers[HTTPField.Name("Idempotency-Replayed")!] = "true" }
    return response
  }

  private func job(_ context: RequestContext) async throws -> JobRecord {
    try await queue.find(named: context.parameters["job"] ?? "")
  }

  // MARK: Logs

  private func addLogs(to api: inout Router) {
    api.get("/jobs/{job}/log") { request, context in
      try await JobLog(request, queue, job: job(context), attempt: nil).response()
    }
    api.get("/jobs/{job}/attempts/{number:Int}/log") { request, context in
      try await JobLog(
        request, queue, job: job(context), attempt: Int(context.parameters["number"] ?? "")
      ).response()
    }
  }

  // MARK: Queues

  private func addQueues(to api: inout Router) {
    api.get("/queues") { _, _ in
      _ = await follower.ready()
      return JSONAnswer(["queues": try await follower.queues(of: queue.store)])
    }
    api.post("/queues/{queue}/pause") { _, context in try await setPaused(true, context) }
    api.post("/queues/{queue}/resume") { _, context in try await setPaused(false, context) }
    api.get("/statistics") { request, _ in
      let span = try Self.span(request.query["span"])
      let state = await follower.ready()
      let series = state.history.series(span: span, parts: 180, now: Date())
      return JSONAnswer(StatisticsView(state, try await follower.queues(of: queue.store), series))
    }
    api.get("/failures") { _, _ in
      let failures = try await Failures(of: queue, await follower.ready().tally)
      return JSONAnswer(
        FailuresView(
          failures: failures.groups.map(FailureView.init), looked: failures.looked, total: failures.total))
    }
  }

  private struct FailuresView: Encodable {
    var failures: [FailureView]
    var looked: Int
    var total: Int
  }

  private func setPaused(_ isPaused: Bool, _ context: RequestContext) async throws -> HTTPResponse.Status {
    let name = context.parameters["queue"] ?? ""
    guard try await queue.store.queues()[name] != nil else {
      throw JobQueueError(.jobNotFound, "there is no queue '\(Text.printable(name))'")
    }
    if isPaused { try await queue.pause(name) } else { try await queue.resume(name) }
    return .noContent
  }

  /// A span of the history in seconds: from a minute to sixty days, whatever is asked for.
  static func span(_ text: String?) throws -> Int64 {
    guard let text else { return 3600 }
    let span: Duration
    do { span = try DurationText.parse(text) } catch let error as JobQueueError {
      throw JobQueueError(error.code, "'span': \(error.message)")
    }
    return min(max(span.components.seconds, 60), 60 * 86_400)
  }

  // MARK: Schedules

  private func addSchedules(to api: inout Router) {
    api.get("/schedules") { _, _ in
      JSONAnswer(["schedules": try await queue.schedules().map(ScheduleView.init)])
    }
    api.get("/schedules/{schedule}") { _, context in
      guard
        let record = try await queue.schedules().first(where: { $0.name == context.parameters["schedule"] })
      else {
        throw Self.noSchedule(context)
      }
      return JSONAnswer(ScheduleView(record))
    }
    api.put("/schedules/{schedule}") { request, context in
      let body = try await request.body.collect(upTo: JobPayload.mostBytes)
      let definition = try ScheduleDefinition(json: Data(body.readableBytesView))
      let new = try await definition.schedule(
        name: context.parameters["schedule"] ?? "", registry: registry,
        announced: queue.store.knownJobs())
      let (record, isReplaced) = try await queue.store.put(new)
      return JSONAnswer(ScheduleView(record), status: isReplaced ? .ok : .created)
    }
    api.delete("/schedules/{schedule}") { _, context in
      guard try await queue.removeSchedule(context.parameters["schedule"] ?? "") else {
        throw Self.noSchedule(context)
      }
      return HTTPResponse.Status.noContent
    }
    for (verb, isPaused) in [("pause", true), ("resume", false)] {
      api.post("/schedules/{schedule}/\(verb)") { _, context in
        guard try await queue.store.setPaused(isPaused, schedule: context.parameters["schedule"] ?? "") else {
          throw Self.noSchedule(context)
        }
        return HTTPResponse.Status.noContent
      }
    }
    api.post("/schedules/{schedule}/run") { _, context in
      guard let job = try await queue.store.runSchedule(context.parameters["schedule"] ?? "") else {
        throw Self.noSchedule(context)
      }
      return JSONAnswer(SubmittedView(job), status: .created)
    }
  }

  private static func noSchedule(_ context: RequestContext) -> JobQueueError {
    JobQueueError(
      .jobNotFound, "there is no schedule '\(Text.printable(context.parameters["schedule"] ?? ""))'")
  }

  // MARK: Workers

  private func addWorkers(to api: inout Router) {
    api.get("/workers") { _, _ in
      JSONAnswer([
        "workers": try await WorkersAndJobs(of: queue).all.map { WorkerView($0.worker, holds: $0.jobs) }
      ])
    }
    api.post("/workers/{worker:Int}/evict") { request, context in
      let id = WorkerID(number: Int64(context.parameters["worker"] ?? "") ?? 0)
      let rescued = try await queue.evict(id, isForced: request.query["force"] == "true")
      return JSONAnswer(["jobs": rescued.map(\.id)])
    }
  }
}

/// A value that is answered as JSON, as the tool's own `--json` writes it.
struct JSONAnswer<Value: Encodable & Sendable>: ResponseConvertible {
  let value: Value
  let status: HTTPResponse.Status

  init(_ value: Value, status: HTTPResponse.Status = .ok) { (self.value, self.status) = (value, status) }

  func response(to request: Request) throws -> Response {
    Response(
      status: status, headers: [.contentType: "application/json"],
      body: .text(try JSONText.encode(value) + "\n"))
  }
}

/// Answers 415 to bodies that say they are something else than JSON: a form of a stranger's page can not be sent as JSON.
private struct JSONBodies: Middleware {
  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    if !request.isSafe, request.body.length != 0 {
      let media = request.headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased()
      guard media == "application/json" || media?.hasSuffix("+json") == true else {
        throw HTTPError(.unsupportedMediaType, "send the body as 'Content-Type: application/json'")
      }
    }
    return try await next(request, context)
  }
}

extension JobFollower {
  /// What is known, once all jobs have been gone through.
  func ready() async -> State {
    let news = news()
    if now.isReady || now.failure != nil { return now }
    for await _ in news where now.isReady || now.failure != nil { break }
    return now
  }
}

extension JobQueue {
  /// Finds the job that is meant by a number or an id.
  func find(named name: String) async throws -> JobRecord {
    guard let reference = JobReference(name) else {
      throw JobQueueError(
        .jobNotFound,
        "'\(Text.cut(Text.printable(name), to: 60))' names no job: use its number, or its full id")
    }
    return try await find(reference)
  }

  /// Takes a worker's jobs away.
  ///
  /// - Throws: ``SkeinJobs/JobQueueError``: `jobNotFound`; `wrongState` for one that is alive, unless that is forced.
  func evict(_ id: WorkerID, isForced: Bool) async throws -> [Rescue] {
    guard let worker = try await store.workers().first(where: { $0.id == id }) else {
      throw JobQueueError(.jobNotFound, "there is no worker \(id)")
    }
    guard isForced || worker.liveness != .alive else {
      throw JobQueueError(.wrongState, "worker \(id) is alive: stop its process, or force it")
    }
    return try await store.evict(id) ?? []
  }
}

/// The workers, with the jobs that each of them holds.
struct WorkersAndJobs: Sendable {
  var all: [(worker: WorkerRecord, jobs: [JobRecord])]

  init(of queue: JobQueue) async throws {
    var filter = JobFilter()
    filter.states = [.running]
    filter.limit = 10_000
    let jobs = Dictionary(grouping: try await queue.store.jobs(filter), by: \.worker)
    all = try await queue.store.workers().sorted { $0.id < $1.id }.map { ($0, jobs[$0.id] ?? []) }
  }
}
