import Foundation
import SkeinJobs
import Testing

extension JobStoreRule {
  /// What is told of many jobs at once.
  static let lookingAtMany = [
    JobStoreRule("tells all jobs in little, in steps, and how many there are") { (store) async throws in
      let ids = try await store.enqueue(
        (0..<5).map { n in try .test(n < 3 ? "test" : "other") { $0.queue = n % 2 == 0 ? "even" : "odd" } }
      ).map(\.id)
      _ = try await store.cancel(ids[1])
      var all: [JobOutline] = []
      while case let step = try await store.outlines(after: all.last?.sequence ?? .min, limit: 2),
        !step.isEmpty
      {
        #expect(step.count <= 2)
        all += step
      }
      var records: [JobOutline] = []
      for id in ids { records.append(JobOutline(try #require(try await store.job(id)))) }
      #expect(all == records)
      #expect(try await store.jobCount() == 5)
      #expect(try await store.queues() == ["even": false, "odd": false])
      try await store.setPaused(true, queue: "odd")
      #expect(try await store.queues() == ["even": false, "odd": true])
      #expect(try await store.purge(queue: "even", states: [.ready]) == 3)
      #expect(
        try await store.outlines(after: .min, limit: 10).map(\.sequence) == [
          records[1].sequence, records[3].sequence,
        ])
      #expect(try await store.jobCount() == 2)
    },
    JobStoreRule("finds jobs by their numbers and by a text, and reads of several at once") {
      (store) async throws in
      let stored = try await store.enqueue([
        .test(input: #"{"path":"Große_Datei.PNG"}"#),
        .test(input: #"{"path":"b.png"}"#) { $0.uniqueKey = "the 100% key" },
        .test(input: #"{"path":"c.gif"}"#) { $0.concurrencyKey = "smtp" },
      ])
      let worker = try await store.join(
        WorkerDescription(name: "w", concurrency: 1, queues: [], knows: ["test": 1], processID: 1))
      let claim = try #require(
        try await worker.claim(ClaimRequest(limit: 1, knows: ["test": 1])).jobs.first)
      var attempt = AttemptRecord(
        number: 1, delivery: claim.token.delivery, worker: "w", startedAt: Date(), outcome: .failed)
      attempt.endedAt = Date()
      attempt.error = AttemptError(type: "Broken", message: "no such host")
      #expect(
        try await worker.finish(claim.token, FinishedAttempt(attempt: attempt, event: .gaveUp(.permanent))))
      func find(_ text: String?, _ sequences: [Int64]? = nil) async throws -> [Int64] {
        var filter = JobFilter()
        (filter.text, filter.sequences) = (text, sequences)
        return try await store.jobs(filter).map(\.sequence)
      }
      let numbers = stored.map(\.sequence)
      #expect(try await find("PNG") == [numbers[1], numbers[0]])
      #expect(try await find("png", [numbers[0], numbers[2]]) == [numbers[0]])
      #expect(try await find("100% k") == [numbers[1]])
      #expect(try await find("100_") == [])
      #expect(try await find("e_D") == [numbers[0]])
      #expect(try await find("SMTP") == [numbers[2]])
      #expect(try await find("such HOST") == [numbers[0]])
      #expect(try await find(nil, [numbers[2], 999]) == [numbers[2]])
      #expect(try await find(nil, []) == [])
      let payloads = try await store.payloads(of: numbers + [999])
      #expect(payloads.keys.sorted() == numbers)
      #expect(payloads[numbers[1]] == (try await store.payload(of: numbers[1])))
      let last = try await store.lastAttempts(of: numbers)
      #expect(last.keys.sorted() == [numbers[0]] && last[numbers[0]]?.error?.type == "Broken")
    },
  ]
}
