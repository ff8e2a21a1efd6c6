import Foundation
import SkeinTesting
import Testing

@Suite("skein schedule", .tags(.slow), .timeLimit(.minutes(5)))
struct ScheduleToolTests {
  let skein = SkeinProgram()

  @Test("a schedule is added, followed by workers, shown, paused, resumed, run and removed")
  func life() async throws {
    let added = try await skein("schedule", "add", "beat", "1s", "--queue", "q", "--", "echo", "tick")
    #expect(
      added.code == 0 && added.output.hasPrefix("schedule beat is added: every 1.00s, next at "), "\(added)")
    try await skein.withWorker { skein in
      try await eventually("two ticks have run") {
        try await skein("list", "--state", "succeeded", "--queue", "q").lines.count >= 2
      }
    }
    #expect(try await skein("logs", "1").output == "tick\n")
    let fields = try await skein("schedule", "list").lines[0].split(
      separator: "\t", omittingEmptySubsequences: false
    ).map(String.init)
    #expect(fields[0...1] == ["beat", "every 1.00s"] && fields[5...] == ["command", ""], "\(fields)")
    let show = try await skein("schedule", "show", "beat")
    #expect(show.output.contains("  last\n") && show.output.contains("Z  job "), "\(show)")
    #expect(try await skein("schedule", "pause", "beat").output == "schedule beat is paused\n")
    #expect(try await skein("schedule", "list").lines[0].hasSuffix("\tpaused"))
    #expect(try await skein("schedule", "resume", "beat").code == 0)
    let before = try await skein("list").lines.count
    #expect(try await skein("schedule", "run", "beat").output.count == 37)
    #expect(try await skein("list").lines.count == before + 1)
    #expect(try await skein("schedule", "remove", "beat").output == "schedule beat is removed\n")
    #expect(try await skein("schedule", "list").output == "")
    for verb in ["show", "run", "pause", "resume", "remove"] {
      let gone = try await skein("schedule", verb, "beat")
      #expect(gone.code == 3 && gone.errors.contains("there is no schedule 'beat'"), "\(gone)")
    }
  }

  @Test("one of the same name is replaced, and --no-overlap keeps one job at a time")
  func replaced() async throws {
    _ = try await skein("schedule", "add", "a", "@daily", "--", "true")
    let again = try await skein(
      "schedule", "add", "a", "0 9 * * MON", "--timezone", "Europe/Berlin", "--no-overlap", "--", "true")
    #expect(again.output.hasPrefix("schedule a is replaced: 0 9 * * MON Europe/Berlin"), "\(again)")
    #expect(try await skein("schedule", "run", "a").code == 0)
    #expect(try await skein("schedule", "run", "a").output.contains("is unfinished"))
    let json = try await skein("schedule", "list", "--json")
    #expect(json.lines.count == 1 && json.output.contains(#""timeZone":"Europe/Berlin""#), "\(json)")
  }

  @Test("the coming ticks are previewed by the clocks that are meant, without a queue")
  func preview() async throws {
    let preview = try await skein(
      "schedule", "preview", "30 2 * * *", "--timezone", "Europe/Berlin", "--count", "400")
    #expect(preview.code == 0 && preview.lines.count == 400)
    // On the day in spring on which it is skipped it comes right after the gap.
    #expect(preview.lines.filter { $0.contains("T03:00:00+02:00") }.count == 1)
    #expect(preview.lines.filter { $0.contains("T02:30:00+0") }.count == 399)
    #expect(!FileManager.default.fileExists(atPath: skein.directory))
  }

  @Test(
    "what makes no schedule is named, and nothing is stored",
    arguments: [
      (["x", "61 * * * *", "--", "true"], "minute '61'"),
      (["x", "0 0 30 2 *", "--", "true"], "can never fire"),
      (["x", "* * * *", "--", "true"], "fields"),
      (["x", "@daily", "--timezone", "Europe/Berln", "--", "true"], "did you mean Europe/Berlin"),
      (["x", "0.5s", "--", "true"], "from a second"),
      (["x", "90x", "--", "true"], "'x' is no unit"),
      (["x", "5m", "--timezone", "Europe/Berlin", "--", "true"], "follows no clocks"),
      (["x", "5m", "--jitter", "10m", "--", "true"], "jitter"),
      (["x", "5m"], "nothing to be queued"),
      (["x", "5m", "--task", "nope"], "no job is called 'nope'"),
      (["x", "5m", "--delay", "1s", "--", "true"], "--jitter spreads"),
      (["x", "5m", "--no-overlap", "--unique", "k", "--", "true"], "exclude each other"),
      (["", "5m", "--", "true"], "no name for a schedule"),
      (["x", "5m", "--catch-up", "some", "--", "true"], "catch-up"),
    ])
  func wrong(_ arguments: [String], _ message: String) async throws {
    let run = try await skein.run(["schedule", "add"] + arguments)
    #expect(run.code == 64 && run.output == "" && run.errors.contains(message), "\(run)")
    #expect(!FileManager.default.fileExists(atPath: skein.directory))
  }
}
