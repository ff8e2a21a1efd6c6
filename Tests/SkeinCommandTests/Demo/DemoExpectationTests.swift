import Foundation
import SkeinJobs
import Testing

@testable import SkeinCommand

@Suite struct DemoExpectationTests {
  private func outcome(
    _ state: JobState, _ reason: FailureReason? = nil, _ attempts: [AttemptRecord.Outcome], code: Int32? = nil
  ) -> DemoOutcome {
    var life = JobLife(runAt: Date(), now: Date())
    life.state = state
    life.reason = reason
    let record = JobRecord(
      sequence: 1, id: JobID(), kind: JobKind(name: "command"), queue: "q", priority: 5, life: life,
      enqueuedAt: Date(),
      revision: 1)
    let attempts = attempts.enumerated().map { index, outcome in
      var attempt = AttemptRecord(
        number: index + 1, delivery: index + 1, worker: "w\(index)", startedAt: Date(), outcome: outcome)
      attempt.error = code.map { AttemptError(type: "E", message: "Fatal error: no", exitCode: $0) }
      return attempt
    }
    return DemoOutcome(record: record, attempts: attempts)
  }

  @Test("each expectation is met by its own outcome alone")
  func table() {
    var overtaker = outcome(.succeeded, nil, [.succeeded])
    overtaker.overtaken = 3
    var joining = outcome(.succeeded, nil, [.succeeded])
    joining.joined = 2
    let cases: [(DemoExpectation, DemoOutcome)] = [
      (.successAfterFailures(2), outcome(.succeeded, nil, [.failed, .failed, .succeeded])),
      (.timeLimit, outcome(.failed, .timeLimit, [.timedOut])),
      (.exhausted(attempts: 2, exitCode: 3), outcome(.failed, .exhausted, [.failed, .failed], code: 3)),
      (.overtakes(least: 3), overtaker),
      (.contained, outcome(.failed, .exhausted, [.failed], code: -4)),
      (.joins(2), joining),
      (.survivesCrash, outcome(.succeeded, nil, [.crashed, .succeeded])),
    ]
    for (index, (expectation, _)) in cases.enumerated() {
      for (other, (_, outcome)) in cases.enumerated() {
        #expect(expectation.isMet(by: outcome) == (index == other), "\(expectation) and \(outcome)")
      }
    }
  }

  @Test("a job that should succeed must")
  func success() {
    #expect(DemoExpectation.success.isMet(by: outcome(.succeeded, nil, [.succeeded])))
    #expect(!DemoExpectation.success.isMet(by: outcome(.failed, .permanent, [.failed])))
    #expect(!DemoExpectation.success.isMet(by: outcome(.running, nil, [.running])))
  }
}
