import Foundation
import SkeinBuiltinJobs
import SkeinJobs
import Testing

@testable import SkeinJobForms

private struct Careful: Job {
  static let name = "careful"
  var path: String
  var options: JobOptions { JobOptions { $0.priority = 8 } }
  func run(in context: JobContext) async throws -> Int { 0 }
}

@Suite struct JobCatalogTests {
  private let catalog: JobCatalog

  init() throws {
    catalog = JobCatalog(
      registry: try JobRegistry([Careful.self, WordCountJob.self]), announced: ["remote": 3])
  }

  private func job(_ name: String, _ input: String) throws -> NewJob {
    try catalog.job(JobRequest(name: name, input: Data(input.utf8)))
  }

  @Test("a registered job is queued by the rules of its type")
  func registered() throws {
    let job = try job("careful", #"{"path": "a"}"#)
    #expect(job.priority == 8 && job.kind.payloadVersion == 1)
  }

  @Test("a job that was only announced is taken with the announced version")
  func announced() throws {
    #expect(try job("remote", "{}").kind.payloadVersion == 3)
  }

  @Test(
    "what does not fit is refused",
    arguments: [
      ("careful", "{}", "'path' is missing"), ("careful", "nonsense", "is no JSON"),
      ("careful", "[1]", "not an array"),
      ("remote", "3", "not a number"), ("carefull", "{}", "did you mean careful?"),
      ("other", "{}", "known are"),
      ("word", "{}", "did you mean wordcount?"),
    ])
  func refuse(_ name: String, _ input: String, _ reason: String) {
    #expect { try job(name, input) } throws: { error in
      (error as? JobQueueError)?.code == .invalidInput && "\(error)".contains(reason)
    }
  }

  @Test("the distance of names counts letters put in, taken out and replaced")
  func distance() {
    #expect(editDistance("", "abc") == 3)
    #expect(editDistance("kitten", "sitting") == 3)
    #expect(editDistance("same", "same") == 0)
  }
}
