import BenchReport

/// A case of ours beside the peers'.
struct Comparison: Codable {
  var name: String
  var figure: Row.Figure
  var ours: Spread?
  /// Theirs ÷ ours, round by round: above 1, we are faster or smaller.
  var ratios: [System.ID: Spread]
  /// The aims that are missed; `nil` when none applies to what was measured.
  var missed: [String]?

  init(_ row: Row, _ samples: [Samples]) {
    name = row.title
    figure = row.figure
    let figures = samples.map { samples in
      (samples.system, samples.figures(row.name(for: samples.system), row.figure))
    }
    let own = figures.first { $0.0 == .skein }?.1 ?? [:]
    ours = Spread(own.values)
    ratios = [:]
    for (system, theirs) in figures where system != .skein {
      ratios[system] = Spread(
        theirs.compactMap { round, value in own[round].flatMap { $0 > 0 ? value / $0 : nil } })
    }
    missed = Self.missed(row, ratios)
  }

  /// What the last column says.
  var verdict: String {
    guard let missed else { return "" }
    return missed.isEmpty ? "met" : "missed: \(missed.joined(separator: ", "))"
  }

  private static func missed(_ row: Row, _ ratios: [System.ID: Spread]) -> [String]? {
    let verdicts = Aim.all.filter { $0.suite == row.family.suite && $0.applies(row) }.compactMap { aim in
      ratios[aim.peer].map { (aim, isMet: $0.median >= aim.least) }
    }
    guard !verdicts.isEmpty else { return nil }
    return verdicts.filter { !$0.isMet }.map { "\($0.0.peer.rawValue) ≥ \($0.0.least.shortened)" }
  }
}
