import Foundation
import HTTPTypes
import SkeinJobs
import SkeinNetwork
import Testing

@testable import SkeinDashboard

@Suite("access", .timeLimit(.minutes(2)))
struct AccessTests {
  private let token = "0123456789abcdefghij"
  private let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
  private let html: HTTPFields = [.accept: "text/html"]

  private func request(
    _ dashboard: TestDashboard, _ method: HTTPRequest.Method, _ path: String, host: String?,
    headers: HTTPFields = [:]
  ) async throws -> Response {
    var request = Request(method, path, headers: headers)
    request.authority = host
    return try await dashboard.handler(request, RequestContext())
  }

  @Test("a name that is not the server's is refused, on whichever port it resolves here")
  func hosts() async throws {
    try await withDashboard(.memory, { $0.allowedHosts = ["Jobs.example.org"] }) { dashboard in
      for host in [
        "localhost", "localhost:8088", "127.0.0.1:8088", "[::1]:8088", "LOCALHOST", "jobs.example.org:443",
      ] {
        let status = try await request(dashboard, .get, "/", host: host).status
        #expect(status == .ok, "\(host)")
      }
      for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8088", "[::2]", "", nil]
      {
        for path in ["/", "/metrics"] {
          let status = try await request(dashboard, .get, path, host: host).status
          #expect(status == .misdirectedRequest, "\(host ?? "none")")
        }
      }
    }
  }

  @Test("a page of another site changes nothing, and a program does")
  func origins() async throws {
    try await withDashboard { dashboard in
      _ = try await dashboard.post("/api/v1/jobs", #"{"command": ["x"]}"#)
      let path = "/api/v1/jobs/1/cancel"
      let strangers: [HTTPFields] = [
        [.origin: "http://evil.example"], [.origin: "null"], [.origin: "http://localhost:9999"],
        [.origin: "https://localhost.evil.example"], [fetchSite: "cross-site"], [fetchSite: "same-site"],
      ]
      for headers in strangers {
        #expect(
          try await request(dashboard, .post, path, host: "localhost:8088", headers: headers).status
            == .forbidden)
        let button = try await request(
          dashboard, .post, "/jobs/1/cancel", host: "localhost:8088", headers: headers)
        #expect(button.status == .forbidden)
      }
      #expect(try await dashboard.queue.job(sequence: 1)?.state == .ready)
      let own: HTTPFields = [.origin: "http://localhost:8088", fetchSite: "same-origin"]
      #expect(try await request(dashboard, .post, path, host: "localhost:8088", headers: own).status == .ok)
      #expect(try await request(dashboard, .post, path, host: "localhost:8088").status == .ok)
    }
  }

  @Test("with a token nothing but the way in, the assets and the health is open")
  func tokens() async throws {
    try await withDashboard(.memory, { $0.token = token }) { dashboard in
      let closed = [
        "/api/v1/jobs", "/api/v1/openapi.json", "/metrics", "/live?page=/", "/api/v1/events", "/jobs/1",
      ]
      for path in closed {
        let answer = try await dashboard.handler(Request(.get, path), RequestContext())
        #expect(answer.status == .unauthorized, "\(path)")
        #expect(answer.headers[.wwwAuthenticate] == "Bearer")
        let page = try await dashboard.handler(Request(.get, path, headers: html), RequestContext())
        #expect([.seeOther, .unauthorized].contains(page.status))
      }
      for path in ["/login", "/health", "/ready", "/assets/dashboard.css"] {
        #expect(try await dashboard.get(path).status == 200, "\(path)")
      }
      let known: [HTTPFields] = [
        [.authorization: "Bearer \(token)"], [.authorization: "bearer  \(token)"],
        [.cookie: "skein_token=\(token)"],
      ]
      for headers in known {
        #expect(try await dashboard.get("/api/v1/jobs", headers: headers).status == 200)
      }
      let wrong: [HTTPFields] = [
        [.authorization: "Bearer \(token)x"], [.authorization: "Bearer "], [.authorization: token],
        [.cookie: "skein_token="], [.authorization: "Bearer no", .cookie: "skein_token=\(token)"],
      ]
      for headers in wrong {
        #expect(try await dashboard.get("/api/v1/jobs", headers: headers).status == 401)
      }
    }
  }

  @Test("who logs in gets a cookie that no other site and no script sees, and guesses are few")
  func login() async throws {
    try await withDashboard(.memory, { $0.token = token }) { dashboard in
      let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
      let entered = try await dashboard.post("/login", "token=\(token)", headers: form)
      #expect(entered.status == 303)
      let cookie = try #require(entered.headers[.setCookie])
      #expect(
        cookie.contains("skein_token=\(token)") && cookie.contains("HttpOnly")
          && cookie.contains("SameSite=Strict"))
      var statuses: [Int] = []
      for guess in 0..<11 {
        statuses.append(try await dashboard.post("/login", "token=guess\(guess)", headers: form).status)
      }
      #expect(statuses == Array(repeating: 401, count: 9) + [429, 429])
      // Nor is the right one told from the others then.
      #expect(try await dashboard.post("/login", "token=\(token)", headers: form).status == 429)
      let left = try await dashboard.post("/logout", headers: [.cookie: "skein_token=\(token)"])
      #expect(left.headers[.setCookie]?.contains("Max-Age=0") == true)
    }
  }

  @Test("one that only shows has no buttons, and refuses changes")
  func readOnly() async throws {
    try await withDashboard(.memory, { $0.isReadOnly = true }) { dashboard in
      let new = try NewJob(
        name: "command", payload: JobPayload(kwargs: Data("{}".utf8)), options: JobOptions())
      _ = try await dashboard.queue.enqueue([new])
      try await dashboard.settle()
      for path in ["/", "/jobs/1", "/schedules"] {
        #expect(try await !dashboard.get(path).body.contains("<form method=\"post\""))
      }
      #expect(try await dashboard.post("/api/v1/jobs/1/cancel").status == 403)
      #expect(try await dashboard.post("/jobs/1/cancel").status == 403)
      #expect(try await dashboard.call(.delete, "/api/v1/schedules/x").status == 403)
      #expect(try await dashboard.queue.job(sequence: 1)?.state == .ready)
    }
  }

  @Test("who asks too often is told when to come again")
  func rate() async throws {
    try await withDashboard(.memory, { $0.requestsPerSecond = 1 }) { dashboard in
      var statuses: [Int] = []
      for _ in 0..<6 { statuses.append(try await dashboard.get("/health").status) }
      #expect(statuses.prefix(4) == [200, 200, 200, 200] && statuses.contains(429))
      let refused = try await dashboard.get("/api/v1/queues")
      #expect(refused.status == 200 || refused.headers[.retryAfter] != nil)
    }
  }

  @Test("an address that others reach needs a token that is no joke")
  func needsToken() async throws {
    let queue = JobQueue(store: MemoryJobStore())
    for (host, token) in [("0.0.0.0", nil), ("192.168.1.2", nil), ("::", nil), ("0.0.0.0", "short")]
      as [(String, String?)]
    {
      var options = Dashboard.Options()
      (options.host, options.token) = (host, token)
      #expect(throws: JobQueueError.self) {
        try Dashboard(queue: queue, registry: JobRegistry([]), options: options)
      }
    }
    for host in ["127.0.0.1", "127.8.8.8", "::1", "localhost"] {
      var options = Dashboard.Options()
      options.host = host
      #expect(options.isLoopback)
    }
    for host in ["127.0.0.1.example.org", "127.evil", "10.0.0.1", ""] {
      var options = Dashboard.Options()
      options.host = host
      #expect(!options.isLoopback)
    }
  }

  @Test("a token is made once, and kept where its owner alone reads it")
  func tokenFile() throws {
    let directory = FileManager.default.temporaryDirectory.path + "/token-\(JobID())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let (first, second) = (try AccessToken(directory: directory), try AccessToken(directory: directory))
    #expect((first.isNew, second.isNew) == (true, false))
    #expect(first.text == second.text && first.text.utf8.count == 43)
    let path = directory + "/dashboard-token"
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    #expect(throws: JobQueueError.self) { try AccessToken(directory: directory) }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try Data("short\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: JobQueueError.self) { try AccessToken(directory: directory) }
  }
}

extension JobQueue {
  func job(sequence: Int64) async throws -> JobRecord? { try await store.job(sequence: sequence) }
}
