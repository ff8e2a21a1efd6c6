/// Everything measured of one system.
struct Samples: Codable {
  var system: System.ID
  var name: String
  var version: String?
  /// Why there are no figures, or not all.
  var trouble: String?
  /// For each case, what was answered in each round.
  private(set) var answers: [String: [Int: Answer]] = [:]

  init(of system: System) {
    self.system = system.id
    name = system.name
  }

  mutating func add(_ answer: Answer, round: Int) { answers[answer.case, default: [:]][round] = answer }

  /// A figure of each round.
  func figures(_ name: String, _ figure: Row.Figure) -> [Int: Double] {
    answers[name, default: [:]].compactMapValues { figure == .bytes ? $0.bytes : $0.ns }
  }

  /// What a case was done with.
  func means(_ name: String) -> String? { answers[name]?.values.first?.by }
}

/// The median of some values, with the least and the greatest of them.
struct Spread: Codable {
  var median: Double
  var least: Double
  var greatest: Double

  /// `nil` when there are no values.
  init?(_ values: some Sequence<Double>) {
    let sorted = values.sorted()
    guard let least = sorted.first, let greatest = sorted.last else { return nil }
    self.least = least
    self.greatest = greatest
    median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
