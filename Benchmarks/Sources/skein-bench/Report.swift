import BenchReport
import Foundation
import TextTable

/// What a run of the benchmarks found: Skein's own columns first, the peers after them.
struct Report: Codable {
  var machine: Machine
  var runs: Int
  var skein: [Measurements]
  var peers: [Measurements]

  private var measuredPeers: [Measurements] { peers.filter { $0.skipped == nil } }

  // MARK: The tables

  private func figures(style: any TextTableStyle.Type) -> String {
    let systems = skein + measuredPeers
    return table([runs == 1 ? "one run" : "medians of \(runs) runs"] + systems.map(\.system), style) {
      metric in
      systems.map { $0[metric] }
    }
  }

  /// How many times better than each peer.
  private func ratios(style: any TextTableStyle.Type) -> String {
    table(["\(skein[0].system) ÷"] + measuredPeers.map(\.system), style) { metric in
      measuredPeers.map { skein[0].ratio(to: $0, metric) }
    }
  }

  /// A row for each metric that has a value.
  private func table(
    _ headings: [String], _ style: any TextTableStyle.Type, _ values: (Metric) -> [Double?]
  ) -> String {
    let rows = Metric.allCases.compactMap { metric in
      let values = values(metric)
      return values.contains { $0 != nil } ? [metric.title] + values.map { $0?.shortened ?? "" } : nil
    }
    return Table(headings: headings, rows: rows).text(style: style)
  }

  // MARK: Output

  private var remarks: [String] {
    let reading =
      "The second table says how many times better \(skein[0].system) is: "
      + "of rates ours by theirs, of times and memory theirs by ours."
    let described = peers.map { peer in
      let name = [peer.system, peer.version].compactMap(\.self).joined(separator: " ")
      return "\(name): \(peer.skipped.map { "skipped, \($0)" } ?? peer.note ?? "")"
    }
    return (measuredPeers.isEmpty ? [] : [reading]) + described
  }

  private func tables(style: any TextTableStyle.Type) -> String {
    let tables =
      measuredPeers.isEmpty ? [figures(style: style)] : [figures(style: style), ratios(style: style)]
    return tables.joined(separator: "\n\n")
  }

  var text: String {
    "\(machine)\n\n\(tables(style: Style.plain))\n\n\(remarks.joined(separator: "\n"))"
  }

  var markdown: String {
    """
    \(machine)

    \(tables(style: Style.pipe))

    \(remarks.map { "- \($0)" }.joined(separator: "\n"))
    """
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
