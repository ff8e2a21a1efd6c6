internal import HTTPTypes
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinNetwork

/// The pages, and what their buttons do.
struct Pages: Sendable {
  let queue: JobQueue
  let follower: JobFollower
  let frame: PageFrame

  /// Whether there are buttons.
  var canChange: Bool { !frame.isReadOnly }

  // MARK: Showing

  func add(to router: inout Router) {
    for path in ["/", "/jobs", "/jobs/{job}", "/failures", "/schedules", "/workers"] {
      router.get(path) { request, _ -> Response in
        let address = request.path + (request.queryString.map { "?" + $0 } ?? "")
        if let job = searchedJob(request) { return .redirect(to: "/jobs/\(job)") }
        return Self.response(frame.page(try await content(of: address), live: address))
      }
    }
    addButtons(to: &router)
  }

  /// Who searches for a number, or an id, means that job.
  private func searchedJob(_ request: Request) -> String? {
    guard request.path == "/jobs", let text = request.query["q"],
      case let text = text.filter({ !$0.isWhitespace }),
      JobReference(text) != nil
    else { return nil }
    return text.hasPrefix("#") ? String(text.dropFirst()) : text
  }

  /// What a page shows.
  ///
  /// - Parameter address: its path, with the query.
  func content(of address: String) async throws -> PageContent {
    let request = Request(.get, address)
    switch request.path {
    case "/": return try await overview(request.query)
    case "/jobs": return try await jobs(address)
    case "/failures": return try await failures()
    case "/schedules": return try await schedules()
    case "/workers": return try await workers()
    case let path where path.hasPrefix("/jobs/"):
      return try await job(queue.find(named: String(path.dropFirst(6))))
    default: throw HTTPError(.notFound, "there is nothing at this path")
    }
  }

  static func response(_ page: HTML, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
      body: .text(page.text))
  }

  /// The page of something that went wrong.
  func page(of problem: Problem) -> Response {
    let advice: HTML =
      problem.status >= 500
      ? "<p>Load the page again to try again. The server's log has this under the request <code>\(problem.request)</code>.</p>"
      : ""
    let content = PageContent(
      title: problem.title, place: "",
      parts: [
        .init(
          "problem",
          "<h1>\(problem.status) \(problem.title)</h1><p class=\"problem\">\(problem.detail)</p>\(advice)<p><a href=\"/\">Overview</a></p>"
        )
      ])
    return Self.response(
      frame.page(content, live: nil), status: .init(code: problem.status, reasonPhrase: problem.title))
  }

  /// What is said above everything when the queue can not be read.
  func warning(_ state: JobFollower.State) -> HTML? {
    state.failure.map { "<p class=\"problem\" role=\"alert\">The queue can not be read: \($0)</p>" }
  }

  // MARK: Changing

  private func addButtons(to router: inout Router) {
    router.post("/jobs/{job}/retry") { _, context in
      let job = try await queue.find(named: context.parameters["job"] ?? "")
      _ = try await queue.retry(job.id)
      return Response.redirect(to: "/jobs/\(job.sequence)")
    }
    router.post("/jobs/{job}/cancel") { _, context in
      let job = try await queue.find(named: context.parameters["job"] ?? "")
      _ = try await queue.cancel(job.id)
      return Response.redirect(to: "/jobs/\(job.sequence)")
    }
    router.post("/failures/{key}/retry") { _, context in
      let found = try await Failures(of: queue, await follower.ready().tally)
      guard let group = found.groups.first(where: { $0.key == context.parameters["key"] }) else {
        throw HTTPError(.notFound, "there are no such failures any more")
      }
      for job in group.jobs {
        // One that was retried meanwhile, or has to wait for another one, stays as it is.
        do { _ = try await queue.retry(job.id) } catch let error as JobQueueError
          where [.wrongState, .jobNotFound].contains(error.code)
        {}
      }
      return Response.redirect(to: "/failures")
    }
    for (verb, isPaused) in [("pause", true), ("resume", false)] {
      router.post("/queues/{queue}/\(verb)") { _, context in
        let name = context.parameters["queue"] ?? ""
        if isPaused { try await queue.pause(name) } else { try await queue.resume(name) }
        return Response.redirect(to: "/")
      }
      router.post("/schedules/{schedule}/\(verb)") { _, context in
        _ = try await queue.store.setPaused(isPaused, schedule: context.parameters["schedule"] ?? "")
        return Response.redirect(to: "/schedules")
      }
    }
    router.post("/schedules/{schedule}/run") { _, context in
      guard let job = try await queue.store.runSchedule(context.parameters["schedule"] ?? "") else {
        throw HTTPError(.notFound, "there is no such schedule any more")
      }
      return Response.redirect(to: "/jobs/\(job.sequence)")
    }
    router.post("/schedules/{schedule}/remove") { _, context in
      _ = try await queue.removeSchedule(context.parameters["schedule"] ?? "")
      return Response.redirect(to: "/schedules")
    }
    router.post("/workers/{worker:Int}/evict") { _, context in
      _ = try await queue.evict(
        WorkerID(number: Int64(context.parameters["worker"] ?? "") ?? 0), isForced: false)
      return Response.redirect(to: "/workers")
    }
  }
}
