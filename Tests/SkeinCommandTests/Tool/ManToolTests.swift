import Foundation
import Testing

@Suite("skein man", .tags(.slow), .timeLimit(.minutes(5)))
struct ManToolTests {
  let skein = SkeinProgram()

  @Test(
    "what it prints is accepted by those who set manual pages, where they are installed",
    arguments: ["groff -man -ww -z", "groff -man -Tutf8 -ww -z", "man --warnings -l -"])
  func warnings(_ formatter: String) async throws {
    let program = formatter.split(separator: " ")[0]
    let run = try await skein.shell(
      """
      type \(program) >/dev/null 2>&1 || { echo absent; exit; }
      "$0" man | LC_ALL=C.UTF-8 MANPAGER=cat \(formatter) 2>&1 >/dev/null
      """)
    #expect(run.output == "" || run.output == "absent\n", "\(run)")
  }

  @Test("as people read it, it says what the help says")
  func text() async throws {
    let run = try await skein.shell(
      #"type man >/dev/null 2>&1 || exit; "$0" man | LC_ALL=C.UTF-8 MANWIDTH=100 man -l - | col -b"#)
    guard run.output != "" else { return }
    for part in [
      "skein - a durable job queue", "skein schedule add [option ...]", "--data-dir directory",
      "ls *.log | sed 's/^/gzip /' | skein submit", "(default: 50)",
    ] {
      #expect(run.output.contains(part), "\(part)")
    }
  }
}
