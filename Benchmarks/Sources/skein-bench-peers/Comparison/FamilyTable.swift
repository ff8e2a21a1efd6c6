import BenchReport
import TextTable

/// The comparisons of one family.
struct FamilyTable: Codable {
  let family: Family
  let comparisons: [Comparison]
  let speedUps: [SpeedUp]
  /// The systems that have figures here, ours left out.
  let peers: [System.ID]
  private let names: [String]
  /// What the cases were done with.
  let means: String

  /// `nil` when nothing was measured.
  init?(_ family: Family, _ rows: [Row], _ samples: [Samples]) {
    let rows = rows.filter { $0.family == family }
    comparisons = rows.map { Comparison($0, samples) }.filter { $0.ours != nil || !$0.ratios.isEmpty }
    guard !comparisons.isEmpty else { return nil }
    self.family = family
    speedUps = SpeedUp.all(rows, samples)
    let found = comparisons
    let shown = samples.filter { samples in found.contains { $0.ratios[samples.system] != nil } }
    peers = shown.map(\.system)
    names = shown.map(\.name)
    means = shown.compactMap { Self.means($0, rows) }.joined(separator: "; ")
  }

  private static func means(_ samples: Samples, _ rows: [Row]) -> String? {
    var found: [String] = []
    for row in rows {
      if let means = samples.means(row.name(for: samples.system)), !found.contains(means) {
        found.append(means)
      }
    }
    return found.isEmpty ? nil : "\(samples.name): \(found.joined(separator: ", "))"
  }

  func text(style: any TextTableStyle.Type) -> String {
    let rows = comparisons.map { comparison in
      [comparison.name, comparison.ours?.text ?? ""]
        + peers.map { comparison.ratios[$0]?.text ?? "" }
        + [comparison.verdict]
    }
    return Table(headings: ["case", "Skein, ns"] + names + ["aims"], rows: rows).text(style: style)
  }
}

extension Spread {
  /// The median, with the least and the greatest where there are several values.
  fileprivate var text: String {
    let range = "\(least.shortened)–\(greatest.shortened)"
    return least.shortened == greatest.shortened ? median.shortened : "\(median.shortened) (\(range))"
  }
}
