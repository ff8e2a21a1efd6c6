import Foundation
import HTTPTypes
import Logging
import SkeinJobs
import SkeinNetwork
import Testing

@testable import SkeinDashboard

@Suite("JobAPI", .timeLimit(.minutes(2)))
struct JobAPITests {
  @Test("every route is described, and every description has a route")
  func description() async throws {
    let follower = JobFollower(
      queue: JobQueue(store: MemoryJobStore()), directory: nil, logger: .init(label: "test"))
    let router = try Dashboard.router(JobQueue(store: MemoryJobStore()), JobRegistry([]), follower, .init())
    let routes = router.patterns.filter { $0.pattern.hasPrefix("/api/v1") }.map {
      "\($0.method.rawValue) \($0.pattern.dropFirst(7).replacing(":Int}", with: "}"))"
    }
    #expect(Set(routes) == OpenAPIDocument.shared.operations)
  }

  @Test("a job is submitted, shown, listed, cancelled and retried", arguments: DashboardStore.allCases)
  func life(store: DashboardStore) async throws {
    try await withDashboard(store) { dashboard in
      let body =
        #"{"command": ["echo", "hello"], "queue": "mail", "priority": 8, "retries": 2, "delay": "1h"}"#
      let submitted = try await dashboard.post("/api/v1/jobs", body)
      #expect(submitted.status == 201)
      let id = try #require(try submitted.json["id"] as? String)
      #expect(submitted.headers[.location] == "/api/v1/jobs/\(id)")
      let shown = try await dashboard.get("/api/v1/jobs/\(id)").json
      let job = try #require(shown["job"] as? [String: Any])
      #expect(job["state"] as? String == "scheduled")
      #expect(job["priority"] as? Int == 8)
      #expect((shown["input"] as? [String: Any])?["arguments"] as? [String] == ["echo", "hello"])
      try await dashboard.settle()
      #expect(try await dashboard.numbers("state=scheduled&queue=mail") == [1])
      #expect(try await dashboard.numbers("state=ready") == [])
      let cancelled = try await dashboard.post("/api/v1/jobs/1/cancel").json
      #expect(cancelled["state"] as? String == "cancelled")
      let retried = try await dashboard.post("/api/v1/jobs/\(id)/retry").json
      #expect(retried["state"] as? String == "ready")
      #expect(try await dashboard.post("/api/v1/jobs/1/retry").status == 409)
      #expect(try await dashboard.get("/api/v1/jobs/1/attempts").body == "{\"attempts\":[]}\n")
    }
  }

  @Test("an array is stored as a whole, with what waits for what, or not at all")
  func batch() async throws {
    try await withDashboard { dashboard in
      let both = #"""
        [{"command": "true", "label": "first"}, {"task": "wordcount", "input": {"paths": ["/etc/hostname"]}, "after": "first"}]
        """#
      #expect(try await dashboard.post("/api/v1/jobs", both).status == 201)
      let links = try await dashboard.get("/api/v1/jobs/2").json["links"] as? [[String: Any]]
      #expect(links?.first?["needs"] as? Int == 1)
      let wrong = try await dashboard.post(
        "/api/v1/jobs", #"[{"command": "true"}, {"command": "true", "priority": 10}]"#)
      #expect(wrong.status == 400)
      #expect(try (wrong.json["detail"] as? String)?.hasPrefix("job 2: ") == true)
      try await dashboard.settle()
      #expect(try await dashboard.numbers("") == [2, 1])
    }
  }

  @Test(
    "what can not be submitted is told as a problem, and nothing is stored",
    arguments: [
      ("", "no JSON"), ("{", "no JSON"), ("3", "a number"), ("[]", "0 jobs"),
      ("[3]", "job 1: it is a number"),
      ("{}", "either a 'task' or a 'command'"), (#"{"task": "wordcuont"}"#, "did you mean wordcount"),
      (#"{"command": ["x"], "priorty": 3}"#, "did you mean priority"),
      (#"{"command": ["x"], "directory": "here"}"#, "must begin with /"),
      (#"{"command": ["x"], "timeout": "5"}"#, "the unit is missing"),
      (#"{"command": ["x"], "after": "nobody"}"#, "names no job"),
      (#"{"command": ["x"], "queue": ""}"#, "no name for a queue"),
      (#"{"command": []}"#, ""), (#"{"command": "x", "retries": 2.5e-42}"#, "'retries' does not fit"),
      (#"{"task": "wordcount", "input": [1]}"#, "must be an object"),
    ])
  func refused(body: String, reason: String) async throws {
    try await withDashboard { dashboard in
      let answer = try await dashboard.post("/api/v1/jobs", body)
      #expect(answer.status == 400)
      #expect(answer.headers[.contentType] == "application/problem+json")
      #expect(reason.isEmpty || answer.body.contains(reason), "\(answer.body)")
      #expect(try await dashboard.queue.store.jobCount() == 0)
    }
  }

  @Test(
    "a submission with a key happens once, and the key is for that submission alone",
    arguments: DashboardStore.allCases)
  func idempotency(store: DashboardStore) async throws {
    try await withDashboard(store) { dashboard in
      let key: HTTPFields = [HTTPField.Name("Idempotency-Key")!: "order-17"]
      let body = #"[{"command": ["a"]}, {"command": ["b"]}]"#
      let first = try await dashboard.post("/api/v1/jobs", body, headers: key)
      let second = try await dashboard.post("/api/v1/jobs", body, headers: key)
      #expect((first.status, second.status) == (201, 201))
      #expect(first.body == second.body)
      #expect(second.headers[HTTPField.Name("Idempotency-Replayed")!] == "true")
      #expect(try await dashboard.queue.store.jobCount() == 2)
      let others = [#"{"command": ["c"]}"#, #"[{"command": ["a"], "queue": "x"}, {"command": ["b"]}]"#]
      for other in others {
        let status = try await dashboard.post("/api/v1/jobs", other, headers: key).status
        #expect(status == 422, "\(other)")
      }
      // Wrong whether or not there was another one.
      let wrong = #"[{"command": ["a"]}, {"command": ["b"], "after": [0]}]"#
      #expect(try await dashboard.post("/api/v1/jobs", wrong, headers: key).status == 400)
      let long: HTTPFields = [HTTPField.Name("Idempotency-Key")!: String(repeating: "k", count: 256)]
      #expect(try await dashboard.post("/api/v1/jobs", body, headers: long).status == 400)
      #expect(try await dashboard.queue.store.jobCount() == 2)
    }
  }

  @Test("submissions with one key that come at the same time store one job")
  func race() async throws {
    try await withDashboard(.sqlite) { dashboard in
      let key: HTTPFields = [HTTPField.Name("Idempotency-Key")!: "at once"]
      let answers = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<12 {
          group.addTask {
            try await dashboard.post("/api/v1/jobs", #"{"command": ["a"]}"#, headers: key).body
          }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(answers.count == 1)
      #expect(try await dashboard.queue.store.jobCount() == 1)
    }
  }

  @Test("lists go on behind their cursor, page by page, and find texts", arguments: DashboardStore.allCases)
  func pages(store: DashboardStore) async throws {
    try await withDashboard(store) { dashboard in
      let jobs = (1...7).map {
        #"{"command": ["echo", "nummer \#($0)"], "queue": "\#($0 % 2 == 0 ? "even" : "odd")"}"#
      }
      _ = try await dashboard.post("/api/v1/jobs", "[\(jobs.joined(separator: ","))]")
      try await dashboard.settle()
      var seen: [[Int]] = []
      var cursor: String? = ""
      while let place = cursor {
        let page = try await dashboard.get("/api/v1/jobs?limit=3\(place)").json
        seen.append((page["jobs"] as? [[String: Any]] ?? []).compactMap { $0["sequence"] as? Int })
        cursor = (page["next"] as? String).map { "&cursor=\($0)" }
      }
      #expect(seen == [[7, 6, 5], [4, 3, 2], [1]])
      #expect(try await dashboard.numbers("queue=even&limit=2") == [6, 4])
      #expect(try await dashboard.numbers("q=NUMMER%205") == [5])
      #expect(try await dashboard.numbers("q=100%25") == [])
      #expect(try await dashboard.numbers("since=1h&queue=odd") == [7, 5, 3, 1])
      #expect(try await dashboard.numbers("since=2100-01-01T00:00:00Z") == [])
      #expect(try await dashboard.numbers("state=unfinished&name=command") == [7, 6, 5, 4, 3, 2, 1])
    }
  }

  @Test(
    "queries that make no sense are problems",
    arguments: [
      "state=gone", "limit=0", "limit=501", "limit=x", "cursor=x", "cursor=-1", "group=7", "since=soon",
      "colour=red", "group=",
    ])
  func badQuery(_ query: String) async throws {
    try await withDashboard { dashboard in
      let answer = try await dashboard.get("/api/v1/jobs?\(query)")
      #expect(answer.status == 400)
      #expect(answer.body.contains("'\(query.prefix { $0 != "=" })'"))
    }
  }

  @Test("what there is not is 404, and what is not for JSON 415")
  func missing() async throws {
    try await withDashboard { dashboard in
      for path in ["jobs/99", "jobs/no-job", "jobs/\(JobID())", "jobs/99/log", "schedules/none", "nothing"] {
        let answer = try await dashboard.get("/api/v1/\(path)")
        #expect(answer.status == 404, "\(path)")
        #expect(answer.headers[.contentType] == "application/problem+json")
      }
      for path in ["jobs/99/cancel", "queues/none/pause", "schedules/none/run", "workers/99/evict"] {
        #expect(try await dashboard.post("/api/v1/\(path)").status == 404, "\(path)")
      }
      let form = try await dashboard.post(
        "/api/v1/jobs", "task=x", headers: [.contentType: "application/x-www-form-urlencoded"])
      #expect(form.status == 415)
      #expect(try await dashboard.call(.delete, "/api/v1/jobs").status == 405)
    }
  }

  @Test("queues are counted, paused and resumed", arguments: DashboardStore.allCases)
  func queues(store: DashboardStore) async throws {
    try await withDashboard(store) { dashboard in
      _ = try await dashboard.post("/api/v1/jobs", #"{"command": ["x"], "queue": "a/b ü"}"#)
      try await dashboard.settle()
      #expect(try await dashboard.post("/api/v1/queues/a%2Fb%20%C3%BC/pause").status == 204)
      let queues = try #require(try await dashboard.get("/api/v1/queues").json["queues"] as? [[String: Any]])
      #expect(queues.map { $0["name"] as? String } == ["a/b ü"])
      #expect(queues[0]["isPaused"] as? Bool == true)
      #expect((queues[0]["jobs"] as? [String: Int])?["ready"] == 1)
      #expect(try await dashboard.post("/api/v1/queues/a%2Fb%20%C3%BC/resume").status == 204)
      #expect(try await dashboard.queue.store.queues() == ["a/b ü": false])
      let statistics = try await dashboard.get("/api/v1/statistics?span=10m").json
      let parts = try #require(statistics["parts"] as? [[String: Any]])
      #expect(parts.compactMap { $0["enqueued"] as? Int }.reduce(0, +) == 1)
      #expect(try await dashboard.get("/api/v1/statistics?span=soon").status == 400)
    }
  }

  @Test("schedules are put, shown, paused, run and removed")
  func schedules() async throws {
    try await withDashboard(.sqlite) { dashboard in
      let body =
        #"{"when": "0 3 * * *", "timeZone": "Europe/Berlin", "job": {"command": ["backup"], "queue": "night"}}"#
      #expect(try await dashboard.call(.put, "/api/v1/schedules/nightly", json: body).status == 201)
      #expect(try await dashboard.call(.put, "/api/v1/schedules/nightly", json: body).status == 200)
      let shown = try await dashboard.get("/api/v1/schedules/nightly").json
      #expect(shown["queue"] as? String == "night")
      #expect(try await dashboard.post("/api/v1/schedules/nightly/run").status == 201)
      #expect(try await dashboard.post("/api/v1/schedules/nightly/pause").status == 204)
      let all = try await dashboard.get("/api/v1/schedules").json["schedules"] as? [[String: Any]]
      #expect(all?.first?["isPaused"] as? Bool == true)
      #expect(try await dashboard.call(.delete, "/api/v1/schedules/nightly").status == 204)
      #expect(try await dashboard.call(.delete, "/api/v1/schedules/nightly").status == 404)
      for wrong in [
        "{}", #"{"when": "90s"}"#, #"{"when": "90 s", "job": {"command": "x"}}"#,
        #"{"when": "1s", "job": 3}"#,
        #"{"when": "1m", "timeZone": "Europe/Berlin", "job": {"command": "x"}}"#,
        #"{"when": "1m", "job": {"command": "x", "delay": "1s"}}"#,
        #"{"when": "1m", "job": {"task": "none"}}"#,
        #"{"when": "1m", "every": 3, "job": {"command": "x"}}"#,
        #"{"when": "1m", "catchUp": "no", "job": {"command": "x"}}"#,
      ] {
        #expect(
          try await dashboard.call(.put, "/api/v1/schedules/wrong", json: wrong).status == 400, "\(wrong)")
      }
      #expect(try await dashboard.queue.schedules().isEmpty)
    }
  }
}

extension TestDashboard {
  /// The numbers of the jobs of a list.
  func numbers(_ query: String) async throws -> [Int] {
    let jobs = try await get("/api/v1/jobs?\(query)").json["jobs"] as? [[String: Any]]
    return try #require(jobs).compactMap { $0["sequence"] as? Int }
  }
}
