import ArgumentParser
import Foundation
import Testing

@testable import SkeinCommand

@Suite struct ManualPageTests {
  @Test("the page has the usual sections, in the usual order")
  func sections() throws {
    let text = try ManualPage.text()
    let titles = text.matches(of: /\n\.SH "(.*)"/).map { String($0.1) }
    #expect(
      titles == [
        "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "VERBS: RUN", "VERBS: JOBS", "VERBS: LOOK",
        "VERBS: KEEP IN ORDER", "VERBS: SERVE", "VERBS: LEARN", "ENVIRONMENT", "EXIT STATUS", "FILES",
        "EXAMPLES",
        "SEE ALSO",
      ])
    #expect(text.hasPrefix(".TH \""))
  }

  @Test("every verb is in it with its options, and verbs below verbs too")
  func verbs() throws {
    let text = try ManualPage.text()
    let tool = try CommandDescription(of: SkeinTool.self)
    let common = try CommandDescription(of: QueueOptions.self).ownArguments
    #expect(tool.verbs.count == SkeinTool.configuration.subcommands.count && common.count == 3)
    for verb in tool.verbs + tool.verbs.flatMap(\.verbs) {
      let start = try #require(text.range(of: ".SS \"\(Roff.escaped(verb.path))\"\n"), "\(verb.path)")
        .upperBound
      let part = text[start...].prefix(through: text[start...].firstRange(of: "\n.S")!.lowerBound)
      for argument in verb.ownArguments where !common.contains(argument) {
        let name = argument.names.map { Roff.bold($0[0].text) } ?? Roff.italic(argument.valueName ?? "")
        #expect(part.contains(".TP\n\(name)"), "\(verb.path) \(name)")
      }
      #expect(!part.contains("data\\-dir\\fP \\fI"), "\(verb.path)")
    }
  }

  @Test("exit codes, variables and files are told")
  func tables() throws {
    let text = try ManualPage.text()
    for status in ExitStatus.allCases { #expect(text.contains("\\fB\(status.rawValue)\\fP\n")) }
    for name in ["SKEIN_DATA_DIR", "SKEIN_LOG", "NO_COLOR", "queue.sqlite"] {
      #expect(text.contains("\\fB\(name)\\fP\n"), "\(name)")
    }
  }

  @Test("no line is a request that the page does not mean")
  func requests() throws {
    let known: Set<Substring> = [".TH", ".SH", ".SS", ".PP", ".TP", ".RS", ".RE", ".EX", ".EE"]
    for line in try ManualPage.text().split(separator: "\n") {
      #expect(line.first != "'" && (line.first != "." || known.contains(line.prefix(3))), "\(line)")
      #expect(line.unicodeScalars.allSatisfy { (0x20..<0x7f).contains($0.value) }, "\(line)")
    }
  }
}
