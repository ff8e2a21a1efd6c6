import BenchReport
import Foundation
import TextTable

/// What the servers did, case by case.
struct WebReport {
  struct Entry {
    var webCase: WebCase
    var server: String
    var figures: [WebFigures]

    /// The middle one of the rounds.
    func median(_ value: (WebFigures) -> Double) -> Double {
      figures.map(value).sorted().percentile(50) ?? 0
    }
  }

  static let heading = "./bench http"

  var machine: Machine
  var rounds: Int
  var seconds: Double
  /// The servers' names and versions.
  var versions: [String]
  /// What was skipped or went wrong.
  var troubles: [String]
  var entries: [Entry] = []

  // MARK: Tables

  private struct Heading {
    var title: String
    var cell: (Entry) -> String
  }

  private func table(_ webCase: WebCase) -> Table {
    let headings = headings(of: webCase)
    let rows = entries.filter { $0.webCase == webCase }.map { entry in headings.map { $0.cell(entry) } }
    return Table(headings: headings.map(\.title), rows: rows)
  }

  private func headings(of webCase: WebCase) -> [Heading] {
    let own = entry(webCase.name, "skein")?.median(\.rate)
    let all = [
      Heading(title: "server", cell: \.server),
      Heading(title: "requests/s", cell: rate),
      Heading(title: "Skein ÷ it") { entry in own.map { ratio($0, entry.median(\.rate)) } ?? "" },
      Heading(title: "p50, ms") { $0.median(\.p50).shortened },
      Heading(title: "p99, ms") { $0.median(\.p99).shortened },
      Heading(title: "p99.9, ms") { $0.median(\.p999).shortened },
      Heading(title: "processor, µs") { $0.median(\.processorTime).shortened },
      Heading(title: "memory, MiB") { $0.median(\.memory).shortened },
      Heading(title: "a connection, KiB") { connectionMemory($0).shortened },
      Heading(title: "errors") { whole(Double($0.figures.map(\.errors).reduce(0, +))) },
    ]
    // Of few connections, what a server takes for its first requests is more than what it takes for each.
    return all.filter { webCase.connections >= 1000 || !$0.title.hasPrefix("a connection") }
  }

  private func rate(_ entry: Entry) -> String {
    let rates = entry.figures.map(\.rate)
    let range = rates.count > 1 ? " (\(whole(rates.min()!))–\(whole(rates.max()!)))" : ""
    return whole(entry.median(\.rate)) + range
  }

  private func ratio(_ ours: Double, _ theirs: Double) -> String {
    theirs > 0 ? (ours / theirs).shortened : "–"
  }

  private func connectionMemory(_ entry: Entry) -> Double {
    entry.median { ($0.memory - $0.idleMemory) * 1024 } / Double(entry.webCase.connections)
  }

  private func whole(_ number: Double) -> String { Int(number.rounded()).formatted() }

  private func title(_ webCase: WebCase) -> String {
    let threads = webCase.threads == 1 ? "one thread" : "\(webCase.threads) threads"
    return "\(webCase.work.title); \(webCase.connections.formatted()) connections, \(threads)"
  }

  // MARK: Remarks

  private var reading: [String] {
    [
      "\(rounds == 1 ? "One round" : "Medians of \(rounds) rounds, with the least and the greatest"), of "
        + "\(seconds.formatted()) s each (of at least three with 10,000 connections), by wrk with one thread on the "
        + "same machine; the servers in turns.",
      "Processor: of the server, a request. Memory: of all its processes, with the connections open; a connection: "
        + "what that is more than after the first answer, shared among them.",
    ] + remarks + ["Servers: \(versions.joined(separator: "; "))."] + aims + troubles
  }

  /// What has to be known of the servers that were measured.
  private var remarks: [String] {
    [
      remark(
        "hummingbird and flyingfox have Swift's own threads besides those that are asked for, as many as there "
          + "are processors."
      ) { ["hummingbird", "flyingfox"].contains($0.server) },
      remark("nginx and nio answer with a document that is always the same, and encode nothing.") {
        $0.webCase.work == .json && ["nginx", "nio"].contains($0.server)
      },
      remark(
        "Where each request has an error, the server closes the connection without having said so in its "
          + "response, which wrk counts."
      ) { $0.webCase.work == .closing && $0.median { Double($0.errors) } > 1000 },
    ].compactMap(\.self)
  }

  private func remark(_ words: String, when applies: (Entry) -> Bool) -> String? {
    entries.contains(where: applies) ? words : nil
  }

  func entry(_ name: String, _ server: String) -> Entry? {
    entries.first { $0.webCase.name == name && $0.server == server }
  }

  // MARK: Text

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
