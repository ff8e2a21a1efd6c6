import Foundation
import SkeinJobs
import SkeinTesting
import SkeinWork
import Testing

private struct Beat: Job {
  static let name = "beat"
  func run(in context: JobContext) async throws -> Nothing { Nothing() }
}

@Suite("Schedules at work")
struct ScheduledWorkTests {
  @Test(
    "several workers follow a schedule that is made while they run, and each tick happens once",
    .tags(.slow), arguments: StoreKind.allCases)
  func severalWorkers(kind: StoreKind) async throws {
    try await withStore(kind) { (store) async throws in
      try await withWorker(store, [Beat.self]) { _ in
        try await withWorker(store, [Beat.self]) { _ in
          let queue = JobQueue(store: store)
          try await queue.schedule("beat", .every(.seconds(1)), Beat())
          try await eventually("two ticks have come") {
            try await queue.schedules().first.map { $0.runs.count >= 2 } == true
          }
          #expect(try await store.setPaused(true, schedule: "beat"))
        }
      }
      let runs = try #require(try await store.schedules().first?.runs)
      let jobs = try await store.jobs(JobFilter())
      #expect(runs.map(\.sequence) == jobs.map(\.sequence) && runs.count >= 2)
      #expect(Set(runs.map(\.tick)).count == runs.count)
    }
  }

  @Test("what makes no schedule is refused before anything is stored")
  func refused() async throws {
    try await withStore(.memory) { (store) async throws in
      let queue = JobQueue(store: store)
      for name in ["", "a\nb", String(repeating: "x", count: 201)] {
        await expectError(.invalidInput, contains: "no name for a schedule") {
          try await queue.schedule(name, .every(.seconds(1)), Beat())
        }
      }
      await expectError(.invalidInput, contains: "unique key") {
        try await queue.schedule("a", .every(.seconds(1)), Beat(), avoidsOverlap: true) { $0.uniqueKey = "k" }
      }
      #expect(try await queue.schedules().isEmpty)
    }
  }
}
