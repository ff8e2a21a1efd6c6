import Foundation
import SkeinTesting
import Testing

@Suite("skein submit --after, limit", .tags(.slow), .timeLimit(.minutes(5)))
struct FlowToolTests {
  let skein = SkeinProgram()

  private func state(_ job: Int) async throws -> String {
    let lines = try await skein("show", "\(job)").lines
    return lines.first { $0.hasPrefix("state\t") }?.dropFirst(6).description ?? "none"
  }

  @Test("jobs wait for others, and a failure decides what follows")
  func after() async throws {
    #expect(try await skein("submit", "--", "false").code == 0)
    #expect(try await skein("submit", "--after", "1", "--", "echo", "never").code == 0)
    #expect(try await skein("submit", "--instead-of", "1", "--", "echo", "instead").code == 0)
    #expect(try await skein("submit", "--after", "1,2", "--any", "--", "echo", "either").code == 0)
    #expect(try await skein("submit", "--after-end", "1 2", "--", "echo", "over").code == 0)
    #expect(try await skein("submit", "--after-failure", "1", "--", "echo", "alarm").code == 0)
    let tree = try await skein("show", "4")
    #expect(
      tree.output.contains("\n4 command waiting (this one)  echo either\n├─ 1 command ready"), "\(tree)")
    #expect(try await state(4) == "waiting")
    try await skein.withWorker { skein in
      let over = try await skein("wait", "3", "4", "5", "6")
      #expect(over.code == 0, "\(over)")
    }
    // The fallback stands for the failed one: what waited for that has gone on.
    let states = try await [state(1), state(2), state(3)]
    #expect(states == ["failed (exhausted)", "succeeded", "succeeded"])
    #expect(try await skein("logs", "3").output == "instead\n")
  }

  @Test("lines of a batch wait for each other by their labels, in any order")
  func labels() async throws {
    let lines = """
      {"label": "join", "command": "echo join", "after": ["left", "right"]}
      {"label": "left", "command": "echo left"}
      {"label": "right", "command": "false"}
      {"command": "echo closing", "afterEnd": "join"}
      """
    let submitted = try await skein("submit", "--json", input: lines)
    #expect(submitted.code == 0 && submitted.lines.count == 4, "\(submitted)")
    let numbers = submitted.lines.map { line in
      String(line.split(separator: "\"sequence\":").last!.prefix { $0.isNumber })
    }
    // Numbers follow the order in which they can run; the answers are in the order of the lines.
    #expect(numbers == ["3", "1", "2", "4"])
    try await skein.withWorker { skein in
      let wait = try await skein("wait", "4")
      #expect(wait.code == 0, "\(wait)")
    }
    #expect(try await state(3) == "cancelled")
    #expect(try await skein("retry", "3").errors.contains("retry that one"))
    #expect(try await skein("retry", "2").code == 0)
    #expect(try await state(3) == "waiting")
  }

  @Test(
    "what can not be waited for is refused before anything is stored",
    arguments: [
      (#"{"command": "a", "after": "b"}"#, 64, "line 1: 'b' names no job"),
      (#"{"command": "a", "after": 7}"#, 3, "line 1: there is no job 7"),
      (#"{"command": "a", "after": true}"#, 64, "'after' has a boolean"),
      (#"{"command": "a", "label": "12"}"#, 64, "not look like a number"),
      (#"{"command": "a", "any": true}"#, 64, "'any' belongs to"),
      (#"{"command": "a", "unique": "k", "ifExists": "perhaps"}"#, 64, "existing, error, replace"),
      (
        """
        {"label": "one", "command": "a", "after": "two"}
        {"label": "two", "command": "b", "afterEnd": "one"}
        """, 64, "line 1 (one) → line 2 (two) → line 1 (one)"
      ),
      (
        """
        {"label": "one", "command": "a"}
        {"label": "one", "command": "b", "after": "one"}
        """, 64, "line 2: the label 'one' is that of line 1"
      ),
    ])
  func refused(lines: String, code: Int32, part: String) async throws {
    let refused = try await skein("submit", input: lines)
    #expect(refused.code == code && refused.errors.contains(part), "\(refused)")
    let list = try await skein("list")
    #expect(list.output.isEmpty, "\(list)")
  }

  @Test("limits are set, listed, kept by workers, and removed")
  func limits() async throws {
    let set = try await skein(
      "limit", "set", "--key", "k", "--concurrency", "1", "--rate", "100/s", "--burst", "5")
    #expect(set.output == "key k: 1 at once, 100/1.00s, burst 5\n", "\(set)")
    #expect(try await skein("limit", "list").output == "key\tk\t1\t100/1.00s, burst 5\n")
    let lock = skein.directory + "/only-one"
    let lines = (0..<12).map { _ in "mkdir \(lock) && sleep 0.01 && rmdir \(lock)" }.joined(separator: "\n")
    #expect(try await skein("submit", "--concurrency-key", "k", input: lines).code == 0)
    try await skein.withWorker { skein in
      let wait = try await skein.shell("$0 wait --all {1..12}")
      #expect(wait.code == 0, "\(wait)")
    }
    #expect(try await skein("list", "--state", "succeeded").lines.count == 12)
    #expect(try await skein("limit", "remove", "--key", "k").output == "key k: no limit any more\n")
    #expect(try await skein("limit", "remove", "--key", "k").code == 3)
  }

  @Test(
    "a limit that makes no sense is refused with a reason",
    arguments: [
      (["--key", "k", "--rate", "0/s"], "a rate of 0"), (["--key", "k", "--rate", "5"], "is no rate"),
      (["--key", "k", "--rate", "5/eon"], "'eon' is no unit"), (["--key", "k"], "give --concurrency"),
      (["--key", "k", "--name", "n", "--concurrency", "1"], "either --name or --key"),
      (["--name", "n", "--concurrency", "0"], "a concurrency of 0"),
      (["--name", "n", "--concurrency", "2", "--burst", "2"], "--burst belongs to --rate"),
    ])
  func badLimit(options: [String], part: String) async throws {
    let refused = try await skein.run(["limit", "set"] + options)
    #expect(refused.code == 64 && refused.errors.contains(part), "\(refused)")
  }

  @Test("a unique key that is taken gives the job that has it, an error, or way")
  func unique() async throws {
    let first = try await skein("submit", "--unique", "k", "--", "true")
    #expect(try await skein("submit", "--unique", "k", "--", "true").output == first.output)
    let error = try await skein("submit", "--unique", "k", "--if-exists", "error", "--", "true")
    #expect(error.code == 1 && error.errors.contains("belongs to job 1; nothing was stored"), "\(error)")
    #expect(try await skein("submit", "--unique", "k", "--if-exists", "replace", "--", "true").code == 0)
    #expect(try await state(1) == "cancelled")
    #expect(try await skein("submit", "--unique", "p", "--unique-for", "1h", "--", "true").code == 0)
    #expect(try await skein("show", "3").output.contains("unique key\tp, until 2"))
    let alone = try await skein("submit", "--unique-for", "1h", "--", "true")
    #expect(alone.code == 64 && alone.errors.contains("no unique key is given"), "\(alone)")
  }
}
