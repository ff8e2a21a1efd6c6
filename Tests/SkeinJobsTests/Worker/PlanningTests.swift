import Foundation
import SkeinResilience
import Testing

@testable import SkeinJobs

@Suite("ClaimPlan")
struct ClaimPlanTests {
  @Test("as long as nothing is known, a worker takes what it can run at once")
  func unknown() {
    let plan = ClaimPlan(concurrency: 4)
    #expect(plan.ahead == 0)
    #expect(plan.wanted(waiting: 0, running: 1) == 3)
    #expect(plan.wanted(waiting: 0, running: 4) == 0)
  }

  @Test("long jobs are never taken ahead, short ones are, up to the limit")
  func ahead() {
    func ahead(_ milliseconds: Double) -> Int {
      var plan = ClaimPlan(concurrency: 2)
      for _ in 0..<100 { plan.note(.milliseconds(milliseconds)) }
      return plan.ahead
    }
    #expect(ahead(1000) == 0)
    #expect(ahead(11) == 0)
    #expect(ahead(1) == 20)
    #expect(ahead(0.001) == ClaimPlan.mostAhead)
    #expect(ahead(0) == ClaimPlan.mostAhead)
  }

  @Test("one long job among short ones ends the taking ahead")
  func surprise() {
    var plan = ClaimPlan(concurrency: 2)
    for _ in 0..<100 { plan.note(.microseconds(50)) }
    #expect(plan.ahead > 100)
    plan.note(.seconds(1))
    #expect(plan.ahead == 0)
  }

  @Test("what is asked for never exceeds places and what may wait")
  func bounded() {
    var plan = ClaimPlan(concurrency: 3)
    for _ in 0..<100 { plan.note(.milliseconds(1)) }
    for running in 0...3 {
      for waiting in 0...plan.ahead {
        let wanted = plan.wanted(waiting: waiting, running: running)
        #expect(wanted >= 0)
        #expect(wanted == 0 || wanted + waiting + running <= 3 + plan.ahead)
        if waiting == 0 && running < 3 { #expect(wanted > 0) }
      }
    }
  }
}

@Suite("QueueRotation")
struct QueueRotationTests {
  @Test("each queue is first as often as its weight says, evenly spread")
  func weights() {
    var rotation = QueueRotation([.init("a", weight: 5), .init("b"), .init("c")])
    let firsts = (0..<7).compactMap { _ in rotation.next()?.first }
    #expect(firsts.filter { $0 == "a" }.count == 5)
    #expect(Set(firsts) == ["a", "b", "c"])
    #expect(firsts.first == "a" && firsts[1] == "a" && firsts[2] != firsts[3])
  }

  @Test("every queue is among those to ask, and none are named when all are served")
  func all() {
    var rotation = QueueRotation([.init("a"), .init("b", weight: 3)])
    for _ in 0..<10 { #expect(Set(rotation.next() ?? []) == ["a", "b"]) }
    var none = QueueRotation([])
    #expect(none.next() == nil)
  }
}

@Suite("Verdict")
struct VerdictTests {
  struct Broken: Error {}
  struct Hopeless: PermanentError {}

  private func decide(
    _ outcome: RunOutcome, failures: Int = 0, maximumAttempts: Int = 3, isCancelRequested: Bool = false
  ) -> FinishedAttempt {
    var kind = JobKind(name: "test")
    kind.retry = RetryPolicy(
      backoff: .fixed(.seconds(10)), jitter: .none, maximumAttempts: maximumAttempts)
    var life = JobLife(runAt: .distantPast, now: Date())
    life.failures = failures
    life.attempts = failures
    let job = ClaimedJob(
      id: JobID(), token: ClaimToken(sequence: 1, delivery: 4), kind: kind,
      payload: JobPayload(kwargs: Data()),
      queue: "default", priority: 5, life: life, enqueuedAt: Date())
    let verdict = Verdict(
      job: job, worker: "w", startedAt: Self.start, endedAt: Self.end, isCancelRequested: isCancelRequested)
    var generator = SystemRandomNumberGenerator()
    return verdict.decide(outcome, log: Data(), using: &generator)
  }

  static let start = Date(timeIntervalSince1970: 100)
  static let end = Date(timeIntervalSince1970: 101)

  @Test("a result succeeds, also after a request to cancel")
  func returned() {
    for isCancelRequested in [false, true] {
      let finished = decide(.returned(Data("1".utf8)), isCancelRequested: isCancelRequested)
      #expect(finished.event == .succeeded)
      #expect(finished.attempt.outcome == .succeeded)
      #expect(finished.result == Data("1".utf8))
    }
  }

  @Test("an error is retried by the policy's delay, then exhausts it")
  func threw() {
    #expect(
      decide(.threw(Broken())).event == .failed(retryAt: Self.end.addingTimeInterval(10), now: Self.end))
    let last = decide(.threw(Broken()), failures: 2)
    #expect(last.event == .gaveUp(.exhausted))
    #expect(last.attempt.error?.type.hasSuffix("Broken") == true)
    #expect((last.attempt.number, last.attempt.delivery) == (3, 4))
  }

  @Test("a permanent error and a cancellation of the job's own are not retried")
  func permanent() {
    #expect(decide(.threw(Hopeless())).event == .gaveUp(.permanent))
    #expect(decide(.threw(CancellationError())).event == .gaveUp(.permanent))
  }

  @Test("an error after a request to cancel is the cancellation")
  func cancelled() {
    let finished = decide(.threw(Broken()), isCancelRequested: true)
    #expect(finished.event == .stopped)
    #expect(finished.attempt.outcome == .cancelled)
  }

  @Test("a time limit is retried like an error, and is the reason when it was the last")
  func timedOut() {
    let limit = TimeLimitExceeded(limit: .seconds(1), isHard: true)
    #expect(
      decide(.timedOut(limit)).event == .failed(retryAt: Self.end.addingTimeInterval(10), now: Self.end))
    let last = decide(.timedOut(limit), maximumAttempts: 1)
    #expect(last.event == .gaveUp(.timeLimit))
    #expect(last.attempt.outcome == .timedOut)
  }

  @Test("what is handed back keeps its record")
  func handedBack() {
    #expect(decide(.handedBack).event == .handedBack(started: true))
  }
}
