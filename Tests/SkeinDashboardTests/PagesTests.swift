import Foundation
import HTTPTypes
import SkeinJobs
import SkeinNetwork
import Testing

@testable import SkeinDashboard

@Suite("Pages", .timeLimit(.minutes(2)))
struct PagesTests {
  private let html: HTTPFields = [.accept: "text/html"]
  private static let hostile = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>\u{202e}"

  /// Jobs, a schedule and a failure with hostile names everywhere.
  private func fill(_ dashboard: TestDashboard) async throws {
    let store = dashboard.queue.store
    let input = try JSONEncoder().encode(["text": Self.hostile])
    let new = try NewJob(
      name: "evil", payload: JobPayload(kwargs: input),
      options: JobOptions {
        $0.queue = "q<i>'\""
        $0.uniqueKey = Self.hostile
        $0.concurrencyKey = Self.hostile
      })
    _ = try await store.enqueue([new])
    let schedule = try NewSchedule(
      name: "s<u>", schedule: .cron("0 3 * * *", timeZone: "UTC"), job: new, expiry: nil, catchUp: .once,
      avoidsOverlap: false)
    _ = try await store.put(schedule)
    let worker = try await store.join(
      WorkerDescription(name: "w<s>", concurrency: 2, queues: ["q<i>'\""], knows: ["evil": 1], processID: 1))
    let claim = try await store.claimOne(worker)
    var attempt = AttemptRecord(
      number: 1, delivery: claim.token.delivery, worker: "w<s>", startedAt: Date(), outcome: .failed)
    attempt.endedAt = Date()
    attempt.error = AttemptError(type: "E<em>", message: Self.hostile)
    let finished = FinishedAttempt(
      attempt: attempt, event: .gaveUp(.permanent), log: Data("\u{1b}[31mred\u{1b}[0m \(Self.hostile)\n".utf8)
    )
    #expect(try await worker.finish(claim.token, finished))
    try await dashboard.settle()
  }

  @Test("hostile names, inputs, errors and logs are text on every page", arguments: DashboardStore.allCases)
  func hostile(store: DashboardStore) async throws {
    try await withDashboard(store) { dashboard in
      try await fill(dashboard)
      let query = PageFrame.encoded(Self.hostile)
      for path in [
        "/", "/jobs", "/jobs/1", "/failures", "/schedules", "/workers", "/jobs?queue=q%3Ci%3E'%22",
        "/jobs?q=\(query)",
        "/jobs?name=\(query)", "/jobs/99", "/nothing",
      ] {
        let page = try await dashboard.get(path, headers: html).body
        #expect(page.hasPrefix("<!doctype html>"))
        for piece in ["<script>", "<img src=x", "q<i>", "s<u>", "w<s>", "E<em>", "\u{202e}", "\u{1b}"] {
          #expect(!page.contains(piece), "\(path) has \(piece)")
        }
      }
      let job = try await dashboard.get("/jobs/1").body
      #expect(job.contains("red &lt;script&gt;"))
    }
  }

  @Test("buttons do what they say, and lead back")
  func buttons() async throws {
    try await withDashboard(.sqlite) { dashboard in
      try await fill(dashboard)
      func press(_ path: String) async throws -> String? {
        let answer = try await dashboard.post(path)
        #expect(answer.status == 303, "\(path): \(answer.body)")
        try await dashboard.settle()
        return answer.headers[.location]
      }
      let failures = try await Failures(of: dashboard.queue, dashboard.follower.now.tally)
      let key = try #require(failures.groups.first).key
      #expect(failures.groups.map(\.jobs.count) == [1])
      #expect(try await press("/failures/\(key)/retry") == "/failures")
      #expect(try await dashboard.queue.job(sequence: 1)?.state == .ready)
      #expect(try await press("/jobs/1/cancel") == "/jobs/1")
      #expect(try await dashboard.queue.job(sequence: 1)?.state == .cancelled)
      #expect(try await press("/jobs/1/retry") == "/jobs/1")
      #expect(try await press("/queues/q%3Ci%3E'%22/pause") == "/")
      #expect(try await dashboard.queue.store.queues() == ["q<i>'\"": true])
      #expect(try await press("/schedules/s%3Cu%3E/pause") == "/schedules")
      #expect(try await dashboard.queue.schedules().map(\.isPaused) == [true])
      #expect(try await press("/schedules/s%3Cu%3E/remove") == "/schedules")
      #expect(try await dashboard.queue.schedules().isEmpty)
      #expect(try await dashboard.post("/failures/\(key)/retry").status == 404)
    }
  }

  @Test("who searches for a number or an id is led to the job")
  func search() async throws {
    try await withDashboard { dashboard in
      _ = try await dashboard.post("/api/v1/jobs", #"{"command": ["x"]}"#)
      for text in ["1", "%231", "%201%20"] {
        #expect(try await dashboard.get("/jobs?q=\(text)").headers[.location] == "/jobs/1")
      }
      #expect(try await dashboard.get("/jobs?q=x1").status == 200)
    }
  }

  @Test("what goes wrong is a page for browsers, and a problem for programs")
  func problems() async throws {
    try await withDashboard { dashboard in
      let page = try await dashboard.get("/jobs/77", headers: html)
      #expect(page.status == 404 && page.body.contains("there is no job 77"))
      #expect(page.headers[.contentType]?.hasPrefix("text/html") == true)
      let problem = try await dashboard.get("/jobs/77")
      #expect(problem.headers[.contentType] == "application/problem+json")
      #expect(try problem.json["code"] as? String == "jobNotFound")
    }
  }

  @Test("assets are told by their tags, and pages load nothing else")
  func assets() async throws {
    try await withDashboard { dashboard in
      for name in ["dashboard.css", "dashboard.js", "icon.svg"] {
        let asset = try await dashboard.get("/assets/\(name)")
        let tag = try #require(asset.headers[.eTag])
        #expect(asset.status == 200 && !asset.body.isEmpty)
        #expect(try await dashboard.get("/assets/\(name)", headers: [.ifNoneMatch: tag]).status == 304)
      }
      let page = try await dashboard.get("/")
      #expect(page.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
      #expect(
        !page.body.contains("style=") && !page.body.contains("http://") && !page.body.contains("https://"))
      #expect(!page.body.contains("<script>") && !page.body.contains("onclick"))
    }
  }

  @Test(
    "logs are shown without what steers a terminal",
    arguments: [
      ("plain\n", "plain\n"), ("\u{1b}[1;31mred\u{1b}[0m", "red"), ("10%\r20%\r30%\ndone", "30%\ndone"),
      ("\u{1b}]0;title\u{07}x", "x"), ("\u{1b}]8;;http://x\u{1b}\\link", "link"), ("a\r\nb\r\n", "a\nb\n"),
      ("\u{1b}", ""),
    ])
  func logs(text: String, plain: String) {
    #expect(LogText.plain(text) == plain)
  }
}

extension JobStore {
  /// The first job that a worker gets.
  func claimOne(_ worker: any WorkerMembership) async throws -> ClaimedJob {
    try #require(try await worker.claim(ClaimRequest(limit: 1, knows: ["evil": 1, "command": 1])).jobs.first)
  }
}
