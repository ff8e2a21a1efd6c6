import Foundation
import GRDB
import HTTPTypes
import Testing

@testable import SkeinDashboard
@testable import SkeinJobs

@Suite("A queue in trouble", .timeLimit(.minutes(2)))
struct TroubleTests {
  private let html: HTTPFields = [.accept: "text/html"]

  @Test("a queue that can not be read is a clear page, a problem, and not ready")
  func broken() async throws {
    try await withDashboard { dashboard in
      try await dashboard.queue.close()
      for path in ["/", "/jobs", "/schedules", "/workers", "/jobs/1"] {
        let page = try await dashboard.get(path, headers: html)
        #expect(page.status == 503 && page.body.contains("the queue is closed"), "\(path)")
      }
      #expect(try await dashboard.get("/api/v1/queues").status == 503)
      #expect(try await dashboard.get("/ready").status == 503)
      #expect(try await dashboard.get("/health").status == 200)
    }
  }

  @Test(
    "on a full disk all can be read, what does not fit is refused as such, and it goes on when there is room")
  func fullDisk() async throws {
    try await withDashboard(.sqlite) { dashboard in
      let input = String(repeating: "x", count: 100_000)
      let job = #"{"command": ["echo", "\#(input)"]}"#
      #expect(try await dashboard.post("/api/v1/jobs", job).status == 201)
      try await limit(dashboard, to: 1)  // It never goes below the pages that there are.
      let refused = try await dashboard.post("/api/v1/jobs", job)
      #expect(refused.status == 507)
      #expect(try refused.json["code"] as? String == "diskFull")
      #expect(try #require(try refused.json["detail"] as? String).contains("Make room"))
      for path in ["/", "/jobs", "/jobs/1", "/failures", "/workers", "/api/v1/jobs", "/metrics", "/ready"] {
        #expect(try await dashboard.get(path, headers: html).status == 200, "\(path)")
      }
      try await limit(dashboard, to: 1_000_000)
      #expect(try await dashboard.post("/api/v1/jobs", job).status == 201)
      try await dashboard.settle()
      #expect(dashboard.follower.now.tally.count == 2)
    }
  }

  /// Bounds the database's pages, as a disk does.
  private func limit(_ dashboard: TestDashboard, to pages: Int) async throws {
    let store = try #require(dashboard.queue.store as? SQLiteJobStore)
    try await store.database.writeWithoutTransaction { db in
      _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
    }
  }

  @Test("a damaged file is told as such, by pages and problems, and what can be read of it is shown")
  func damaged() async throws {
    try await withDashboard(.sqlite) { dashboard in
      for number in 1...300 {
        let job = #"{"command": ["echo", "\#(number)"], "queue": "some-name-that-fills-pages"}"#
        #expect(try await dashboard.post("/api/v1/jobs", job).status == 201)
      }
      try await dashboard.settle()
      let store = try #require(dashboard.queue.store as? SQLiteJobStore)
      try await damage("payloads", of: store)
      let page = try await dashboard.get("/jobs/17", headers: html)
      #expect(page.status == 503 && page.body.contains("damaged") && page.body.contains("backup"))
      let problem = try await dashboard.get("/api/v1/jobs/17")
      #expect(problem.status == 503)
      #expect(try #require(try problem.json["detail"] as? String).contains("queue.sqlite is damaged"))
      for path in ["/", "/workers", "/schedules", "/api/v1/queues", "/metrics", "/health"] {
        #expect(try await dashboard.get(path, headers: html).status == 200, "\(path)")
      }
    }
  }

  /// Overwrites all pages of a table.
  private func damage(_ table: String, of store: SQLiteJobStore) async throws {
    let pages = try await store.database.writeWithoutTransaction { db in
      // All of it is in the file then, and nothing in the log.
      try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
      return try Int.fetchAll(db, sql: "SELECT pageno FROM dbstat WHERE name = ?", arguments: [table])
    }
    let file = try FileHandle(forUpdating: URL(filePath: store.directory + "/queue.sqlite"))
    defer { try? file.close() }
    for page in pages {
      try file.seek(toOffset: UInt64((page - 1) * 4096))
      try file.write(contentsOf: Data(repeating: 0xa5, count: 4096))
    }
  }
}
