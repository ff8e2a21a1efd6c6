import SkeinJobs
import SkeinResilience
import Testing

@testable import SkeinJobForms

@Suite struct OptionChangesTests {
  @Test("what is not said stays as the job's type says")
  func nothing() throws {
    var options = JobOptions {
      $0.priority = 7; $0.retry = .standard
    }
    try OptionChanges().apply(to: &options)
    #expect(
      options
        == JobOptions {
          $0.priority = 7; $0.retry = .standard
        })
  }

  @Test("what is said counts")
  func everything() throws {
    var options = JobOptions()
    let changes = OptionChanges(
      queue: "mail", priority: 9, retries: 2, backoff: .fixed(.seconds(1)), timeout: .seconds(2),
      softTimeout: .seconds(1), delay: .seconds(3), expires: .seconds(4), unique: "key")
    try changes.apply(to: &options)
    #expect(options.queue == "mail" && options.priority == 9 && options.uniqueKey == "key")
    #expect(options.retry.maximumAttempts == 3 && options.retry.backoff == .fixed(.seconds(1)))
    #expect(options.hardTimeLimit == .seconds(2) && options.softTimeLimit == .seconds(1))
    #expect(options.delay == .seconds(3) && options.expiry == .seconds(4))
  }

  @Test("a backoff without retries is refused, unless the job has some")
  func backoffAlone() throws {
    let changes = OptionChanges(backoff: .fixed(.seconds(1)))
    var options = JobOptions()
    #expect(throws: JobQueueError.self) { try changes.apply(to: &options) }
    options.retry = .standard
    try changes.apply(to: &options)
    #expect(options.retry.maximumAttempts == 5 && options.retry.backoff == .fixed(.seconds(1)))
  }

  @Test("a number of retries that is not possible is refused", arguments: [-1, 1_000_001, Int.max, Int.min])
  func retries(_ count: Int) {
    var options = JobOptions()
    #expect(throws: JobQueueError.self) { try OptionChanges(retries: count).apply(to: &options) }
  }

  @Test("a line counts before the command line")
  func over() {
    let line = OptionChanges(priority: 9)
    let usual = OptionChanges(queue: "mail", priority: 1)
    #expect(line.over(usual) == OptionChanges(queue: "mail", priority: 9))
  }
}
