import SkeinJobs
import Testing

@testable import SkeinJobForms

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
}
