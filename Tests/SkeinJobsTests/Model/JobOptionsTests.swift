import Foundation
import SkeinJobs
import Testing

@Suite("JobOptions")
struct JobOptionsTests {
  typealias Change = @Sendable (inout JobOptions) -> Void

  static let wrong: [(Change, String)] = [
    ({ $0.priority = 10 }, "priority"), ({ $0.priority = -1 }, "priority"), ({ $0.queue = "" }, "queue"),
    ({ $0.queue = "a\nb" }, "queue"), ({ $0.queue = String(repeating: "x", count: 201) }, "queue"),
    ({ $0.softTimeLimit = .zero }, "soft"), ({ $0.hardTimeLimit = .seconds(-1) }, "hard"),
    (
      {
        $0.softTimeLimit = .seconds(2); $0.hardTimeLimit = .seconds(1)
      }, "longer"
    ),
    ({ $0.delay = .seconds(-1) }, "delay"), ({ $0.delay = .seconds(1 << 40) }, "hundred years"),
    ({ $0.expiry = .zero }, "expiry"), ({ $0.retention = .seconds(-1) }, "retention"),
    ({ $0.uniqueKey = "" }, "key"),
    ({ $0.concurrencyKey = String(repeating: "x", count: 501) }, "key"),
  ]

  @Test("each value out of its range is named", arguments: wrong.indices)
  func ranges(index: Int) async {
    let (change, part) = Self.wrong[index]
    await expectError(.invalidInput, contains: part) { try JobOptions(change).validate() }
  }

  @Test("the defaults are acceptable, and so are the ends of each range")
  func defaults() throws {
    try JobOptions().validate()
    try JobOptions {
      $0.priority = 0
      $0.delay = .zero
      $0.retention = .zero
      $0.softTimeLimit = .seconds(1)
      $0.hardTimeLimit = .seconds(1)
    }.validate()
  }

  @Test("a payload that is too large and a name that is malformed are refused")
  func job() async {
    await expectError(.invalidInput, contains: "bytes") {
      try NewJob.test(input: String(repeating: "x", count: JobPayload.mostBytes + 1))
    }
    await expectError(.invalidInput, contains: "no name") { try NewJob.test("not a name") }
  }
}
