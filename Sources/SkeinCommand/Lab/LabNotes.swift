internal import SkeinSync

/// Takes down what happens in an experiment, from any thread.
final class LabNotes: Sendable {
  private let report: Lock<LabReport>
  private let start = MonotonicClock().now

  init(of experiment: any Experiment) {
    report = Lock(LabReport(of: experiment), name: "lab notes")
  }

  /// What was noted until now.
  var current: LabReport {
    report.withLock { report in
      report.seconds = start.duration(to: MonotonicClock().now) / .seconds(1)
      return report
    }
  }

  /// Notes that something happened.
  ///
  /// - Parameter who: the thread or process that did it; `nil` for the experiment itself.
  func step(_ who: String?, _ what: String) {
    report.withLock { report in
      let age = start.duration(to: MonotonicClock().now)
      report.steps.append(.init(milliseconds: Int(age / .milliseconds(1)), who: who, what: what))
    }
  }

  /// Notes what was expected and what was observed.
  func check(_ what: String, expected: String, observed: String, _ isMet: Bool) {
    report.withLock { report in
      report.checks.append(.init(what: what, expected: expected, observed: observed, isMet: isMet))
    }
  }

  /// Notes that a value is, or is not, the expected one.
  func check<Value: Equatable>(_ what: String, is expected: Value, observed: Value) {
    check(what, expected: LabText.value(expected), observed: LabText.value(observed), expected == observed)
  }

  /// Notes that the experiment, or a part of it, could not come to its end.
  func fail(_ problem: String) {
    report.withLock { $0.problem = $0.problem.map { "\($0)\n\(problem)" } ?? problem }
  }
}
