import Foundation
import SkeinJobForms
import SkeinJobs
import Testing

@testable import SkeinCommand

@Suite struct FlowTreeTests {
  private func tree(_ links: [(Int64, Int64, JobDependency.Condition)], shown: Int64 = 1) -> FlowTree {
    var tree = FlowTree(
      links: links.map { JobLink(job: $0.0, needs: $0.1, condition: $0.2, state: .pending) }, jobs: [:],
      shown: shown)
    for sequence in Set(links.flatMap { [$0.0, $0.1] }) {
      tree.jobs[sequence] = JobRecord(
        sequence: sequence, id: JobID(), kind: JobKind(name: "job\u{1b}[2J"), queue: "q", priority: 5,
        life: JobLife(runAt: .now, now: .now), enqueuedAt: .now, revision: 0)
      tree.inputs[sequence] = Data(#"{"a": "some rather long input"}"#.utf8)
    }
    return tree
  }

  @Test("below each job stand those that it waits for; what stood above is not told again")
  func branches() {
    let lines = tree([(4, 2, .success), (4, 3, .end), (2, 1, .success), (3, 1, .fallback), (5, 2, .failure)])
      .lines
    #expect(
      lines.map { "\($0.branch)\($0.sequence)\($0.isRepeated ? " above" : "")" } == [
        "4", "├─ 2", "│  └─ 1", "└─ 3", "   └─ 1", "5", "└─ 2 above",
      ])
    #expect(lines.map(\.condition) == [nil, .success, .success, .end, .fallback, nil, .failure])
  }

  @Test("a long chain is told without end of the stack")
  func chain() {
    let links = (1..<20_000).map { (Int64($0 + 1), Int64($0), JobDependency.Condition.success) }
    #expect(tree(links).lines.count == 20_000)
  }

  @Test("no line is wider than the terminal, and no name steers it", arguments: [40, 60, 200])
  func fits(width: Int) {
    let text = tree([(2, 1, .end)]).text(for: Terminal(width: width))
    #expect(!text.contains("\u{1b}"))
    for line in text.split(separator: "\n") { #expect(Text.width(String(line)) <= width) }
    #expect(
      tree([(2, 1, .end)]).text(for: Terminal(width: nil)).contains("└─ 1 job\u{fffd}[2J ready (whatever"))
  }

  @Test(
    "a rate is typed in several ways",
    arguments: [("10/s", 10, 1.0), ("100/1m", 100, 60), ("1/1h30m", 1, 5400)])
  func rate(text: String, count: Int, seconds: Double) throws {
    #expect(try RateText.parse(text) == .init(count, per: .seconds(seconds)))
  }

  @Test("what is no rate says so", arguments: ["", "10", "10/", "/s", "a/s", "1/2", "1/s/s", "-1/s x"])
  func noRate(text: String) {
    #expect(throws: (any Error).self) { try RateText.parse(text) }
  }
}
