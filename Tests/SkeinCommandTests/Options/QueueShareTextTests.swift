import SkeinJobs
import Testing

@testable import SkeinCommand

@Suite struct QueueShareTextTests {
  @Test("a queue may have a weight")
  func weights() throws {
    #expect(try QueueShareText.parse("mail") == WorkerOptions.QueueShare("mail"))
    #expect(try QueueShareText.parse("mail=3") == WorkerOptions.QueueShare("mail", weight: 3))
    #expect(throws: (any Error).self) { try QueueShareText.parse("mail=many") }
  }
}
