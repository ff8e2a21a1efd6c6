import SkeinJobForms
import Testing

@testable import SkeinCommand

@Suite struct TableTests {
  private var table: Table {
    var table = Table(columns: [
      .init(title: "JOB", isNumber: true), .init(title: "STATE", minimum: 5), .init(title: "QUEUE", rank: 2),
      .init(title: "INPUT", minimum: 6, rank: 1),
    ])
    table.rows = [
      ["1", "succeeded", "default", "echo hello, this is a rather long command line"],
      ["22", .init("failed", exact: "failed!"), "mail", "日本語のテキスト\n\u{1b}[31m"],
    ]
    return table
  }

  private func lines(_ width: Int?) -> [String] {
    table.text(for: Terminal(width: width)).split(separator: "\n").map(String.init)
  }

  @Test("at full width everything is shown, numbers at the right end")
  func wide() {
    #expect(
      lines(200) == [
        "JOB  STATE      QUEUE    INPUT",
        "  1  succeeded  default  echo hello, this is a rather long command line",
        " 22  failed     mail     日本語のテキスト \u{fffd}[31m",
      ])
  }

  @Test("no line is wider than the terminal", arguments: [12, 20, 33, 40, 80, 120])
  func fits(_ width: Int) {
    for line in lines(width) { #expect(Text.width(line) <= width) }
  }

  @Test("in a narrow terminal the columns of high rank go first, and the rest is cut")
  func narrow() {
    #expect(lines(20) == ["JOB  STATE   INPUT", "  1  succe…  echo h…", " 22  failed  日本語…"])
    #expect(lines(10)[0] == "JOB  STATE")
  }

  @Test("in a pipe fields are separated by tabs, complete, without titles and control characters")
  func piped() {
    #expect(
      lines(nil) == [
        "1\tsucceeded\tdefault\techo hello, this is a rather long command line",
        "22\tfailed!\tmail\t日本語のテキスト \u{fffd}[31m",
      ])
  }

  @Test("a table without rows is empty")
  func empty() {
    #expect(Table(columns: [.init(title: "A")]).text(for: Terminal(width: 80)) == "")
  }
}
