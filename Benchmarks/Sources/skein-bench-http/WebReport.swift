import BenchReport
import Foundation
import TextTable

/// What the servers did, case by case.
struct WebReport {
  struct Entry {
    var webCase: WebCase
    var server: String
    var figures: [WebFigures]
  }

  static let heading = "./bench http"

  var machine: Machine
  var rounds: Int
  var seconds: Double
  var entries: [Entry]
  var troubles: [String]

  /// The middle one of the rounds.
  private func median(_ entry: Entry, _ value: (WebFigures) -> Double) -> Double {
    entry.figures.map(value).sorted().percentile(50) ?? 0
  }

  private func figures(_ webCase: WebCase, _ server: String) -> Entry? {
    entries.first { $0.webCase == webCase && $0.server == server }
  }

  private func table(_ webCase: WebCase) -> Table {
    let own = figures(webCase, "skein").map { median($0, \.rate) }
    let rows = entries.filter { $0.webCase == webCase }.map { entry in
      let rate = median(entry, \.rate)
      let rates = entry.figures.map(\.rate)
      let range = rates.count > 1 ? " (\(whole(rates.min()!))–\(whole(rates.max()!)))" : ""
      return [
        entry.server, whole(rate) + range, own.map { ($0 / rate).shortened } ?? "",
        median(entry, \.p50).shortened, median(entry, \.p99).shortened, median(entry, \.p999).shortened,
        median(entry, \.processorTime).shortened, median(entry, \.memory).shortened,
        whole(Double(entry.figures.map(\.errors).reduce(0, +))),
      ]
    }
    return Table(
      headings: [
        "server", "requests/s", "Skein ÷ it", "p50, ms", "p99, ms", "p99.9, ms", "processor, µs",
        "memory, MiB",
        "errors",
      ],
      rows: rows)
  }

  private func whole(_ number: Double) -> String { Int(number.rounded()).formatted() }

  private func title(_ webCase: WebCase) -> String {
    let threads = webCase.threads == 1 ? "one thread" : "\(webCase.threads) threads"
    return "\(webCase.work.title); \(webCase.connections.formatted()) connections, \(threads)"
  }

  private var reading: [String] {
    [
      "\(rounds == 1 ? "One round" : "Medians of \(rounds) rounds, with the least and the greatest"), of "
        + "\(seconds.formatted()) s each, by wrk with one thread on the same machine; the servers in turns.",
      "Processor: of the server, a request. Memory: of all its processes, with the connections open.",
    ] + aims + troubles
  }

  private var aims: [String] {
    [
      aim("text.64", "hummingbird", atLeast: 2.5), aim("text.64", "uvicorn", atLeast: 2.5),
      aim("text.64", "nginx", atLeast: 0.7),
      aim("text.64", "nio", own: "routed.64", atLeast: 1), aim("routed.64", "go", atLeast: 1),
      aim("file-1k.64", "nginx", atLeast: 0.9), aim("file-100k.64", "nginx", atLeast: 0.9),
      aim("file-10m.64", "nginx", atLeast: 0.9), patience,
    ].compactMap(\.self)
  }

  private func entry(_ name: String, _ server: String) -> Entry? {
    entries.first { $0.webCase.name == name && $0.server == server }
  }

  private func aim(_ name: String, _ peer: String, own: String? = nil, atLeast aim: Double) -> String? {
    guard let ours = entry(own ?? name, "skein"), let theirs = entry(name, peer) else { return nil }
    let ratio = median(ours, \.rate) / median(theirs, \.rate)
    let words = own.map { "\($0) by \(peer)'s \(name)" } ?? "\(name) by \(peer)'s"
    return "Aim: \(words) at least \(aim.shortened): \(ratio.shortened), \(ratio >= aim ? "met" : "missed")."
  }

  private var patience: String? {
    guard let ours = entry("text.1000", "skein"), let theirs = entry("text.1000", "nginx") else { return nil }
    let ratio = median(ours, \.p99) / median(theirs, \.p99)
    return
      "Aim: p99 of text.1000 at most twice nginx's: \(ratio.shortened), \(ratio <= 2 ? "met" : "missed")."
  }

  private var cases: [WebCase] {
    WebCase.all.filter { webCase in entries.contains { $0.webCase == webCase } }
  }

  var text: String {
    let tables = cases.map { "\(title($0))\n\n\(table($0).text(style: Style.plain))" }
    return (["\(machine)"] + tables + [reading.joined(separator: "\n")]).joined(separator: "\n\n")
  }

  var markdown: String {
    let tables = cases.map { "### \(title($0))\n\n\(table($0).text(style: Style.pipe))" }
    return (["\(machine)", reading.map { "- \($0)" }.joined(separator: "\n")] + tables).joined(
      separator: "\n\n")
  }
}
