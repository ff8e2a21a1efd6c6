import BenchReport
import Foundation
import TextTable

/// What a run of the suite found.
struct ComparisonReport: Codable {
  var suite: Suite
  var machine: Machine
  var rounds: Int
  var seconds: Double
  var samples: [Samples]
  var tables: [FamilyTable]

  init(_ suite: Suite, machine: Machine, rows: [Row], samples: [Samples], rounds: Int, seconds: Double) {
    self.suite = suite
    (self.machine, self.rounds, self.seconds, self.samples) = (machine, rounds, seconds, samples)
    tables = suite.families.compactMap { family in FamilyTable(family, rows, samples) }
  }

  private var reading: [String] {
    [
      "\(rounds == 1 ? "One round" : "Medians of \(rounds) rounds, with the least and the greatest"), in each of which "
        + "every system is measured once; \(seconds.formatted()) s a case.",
      "A peer's column says how many times as long as Skein it takes, in the same round: above 1, Skein is ahead.",
      "Aims: \(Aim.all.filter { $0.suite == suite }.map(\.words).joined(separator: "; ")).",
    ]
  }

  private var systems: [String] {
    samples.map { samples in
      let version = samples.version.map { "\(samples.name): \($0)" } ?? samples.name
      return samples.trouble.map { "\(version): \($0)" } ?? version
    }
  }

  var text: String {
    let tables = tables.map { text(of: $0, heading: "", style: Style.plain) }
    return (["\(machine)"] + tables + [(reading + systems).joined(separator: "\n")]).joined(separator: "\n\n")
  }

  var markdown: String {
    let tables = tables.map { text(of: $0, heading: "### ", style: Style.pipe) }
    let remarks = (reading + systems).map { "- \($0)" }.joined(separator: "\n")
    return (["\(machine)", remarks] + tables).joined(separator: "\n\n")
  }

  private func text(of table: FamilyTable, heading: String, style: any TextTableStyle.Type) -> String {
    var parts = [heading + table.family.title, table.text(style: style), table.means]
    if !table.speedUps.isEmpty {
      parts.append("Speed-up: \(table.speedUps.map { $0.text(samples) }.joined(separator: "; "))")
    }
    return parts.joined(separator: "\n\n")
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
