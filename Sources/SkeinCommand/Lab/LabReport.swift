/// What happened in an experiment, and whether it was what should have happened.
struct LabReport: Sendable, Encodable {
  /// Something that happened.
  struct Step: Sendable, Encodable {
    /// How long after the start.
    var milliseconds: Int
    /// The thread or the process that did it; `nil` for the experiment itself.
    var who: String?
    var what: String
  }

  /// Something that was expected.
  struct Check: Sendable, Encodable {
    var what: String
    var expected: String
    var observed: String
    var isMet: Bool
  }

  var name: String
  var section: String
  var title: String
  var lesson: String
  var uses: [String]
  var steps: [Step] = []
  var checks: [Check] = []
  var seconds = 0.0
  /// Why it did not come to its end.
  var problem: String?

  init(of experiment: any Experiment) {
    name = experiment.name
    section = experiment.section
    title = experiment.title
    lesson = experiment.lesson
    uses = experiment.uses
  }

  /// Whether it came to its end, and every check is met. An experiment that checks nothing shows nothing.
  var isAsExpected: Bool { problem == nil && !checks.isEmpty && checks.allSatisfy(\.isMet) }

  /// How a verb ends that has run these.
  static func status(of reports: [LabReport]) -> ExitStatus {
    reports.allSatisfy(\.isAsExpected) ? .success : .jobFailed
  }

  /// How many checks are met, or why there is no result.
  var outcome: String {
    if problem != nil { return "did not come to its end" }
    let missed = checks.count { !$0.isMet }
    let noun = checks.count == 1 ? "check" : "checks"
    return missed == 0 ? "\(checks.count) \(noun) met" : "\(missed) of \(checks.count) \(noun) not met"
  }

  private enum CodingKeys: String, CodingKey {
    case name, section, title, lesson, uses, steps, checks, seconds, problem, ok
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(section, forKey: .section)
    try container.encode(title, forKey: .title)
    try container.encode(lesson, forKey: .lesson)
    try container.encode(uses, forKey: .uses)
    try container.encode(steps, forKey: .steps)
    try container.encode(checks, forKey: .checks)
    try container.encode(seconds, forKey: .seconds)
    try container.encodeIfPresent(problem, forKey: .problem)
    try container.encode(isAsExpected, forKey: .ok)
  }
}

extension LabReport.Check {
  private enum CodingKeys: String, CodingKey {
    case what, expected, observed
    case isMet = "ok"
  }
}
