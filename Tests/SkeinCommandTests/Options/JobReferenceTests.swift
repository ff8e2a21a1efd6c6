import SkeinJobs
import Testing

@testable import SkeinCommand

@Suite struct JobReferenceTests {
  @Test("a job is named by its number or its id")
  func read() {
    let id = JobID()
    #expect(JobReference("12") == .sequence(12))
    #expect(JobReference("#12") == .sequence(12))
    #expect(JobReference("\(id)") == .id(id))
    #expect(JobReference("\(id)".uppercased()) == .id(id))
  }

  @Test(
    "anything else names no job",
    arguments: ["", "#", "0", "-1", "+1", "1.5", "twelve", "99999999999999999999"])
  func refuse(_ text: String) {
    #expect(JobReference(text) == nil)
  }

  @Test("a queue may have a weight")
  func weights() throws {
    #expect(try QueueShareText.parse("mail") == WorkerOptions.QueueShare("mail"))
    #expect(try QueueShareText.parse("mail=3") == WorkerOptions.QueueShare("mail", weight: 3))
    #expect(throws: (any Error).self) { try QueueShareText.parse("mail=many") }
  }
}
