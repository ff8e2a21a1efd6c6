import Foundation
import SkeinTesting
import Subprocess
import Testing

@Suite("the tool, as a user sees it", .tags(.slow), .timeLimit(.minutes(5))) struct ToolTests {
  let skein = SkeinProgram()

  // MARK: Life of a job

  @Test("a command is submitted, run, waited for and shown")
  func command() async throws {
    let submitted = try await skein("submit", "--queue", "q", "--priority", "7", "--", "echo", "hello world")
    let id = submitted.output.trimmingCharacters(in: .newlines)
    #expect(submitted.code == 0 && id.count == 36)
    try await skein.withWorker { skein in
      let wait = try await skein("wait", "--timeout", "60s", id)
      #expect(wait.code == 0 && wait.output.hasPrefix("job 1 succeeded"), "\(wait)")
    }
    #expect(try await skein("logs", "1").output == "hello world\n")
    let fields = try await skein("list").lines[0].split(separator: "\t").map(String.init)
    #expect(fields[0...5] == ["1", "succeeded", "command", "q", "7", "1"])
    #expect(fields[9...10] == ["echo 'hello world'", id])
    let show = try await skein("show", id, "--json")
    #expect(show.output.contains(#""standardOutput":"hello world\n""#), "\(show)")
    #expect(try await skein("stats").lines.contains("queue\tq\t0\t0\t0\t0\t1\t0\t0\t0"))
  }

  @Test("waiting passes on the exit code of the command, its output and its errors")
  func exitCodes() async throws {
    try await skein.withWorker { skein in
      let good = try await skein("submit", "--wait", "--", "sh", "-c", "echo out; echo err >&2")
      #expect(good.code == 0 && good.output == "out\n" && good.errors == "err\n", "\(good)")
      let bad = try await skein("submit", "--wait", "--", "sh", "-c", "echo why >&2; exit 7")
      #expect(
        bad.code == 7 && bad.errors.contains("why") && bad.errors.contains("error: job 2 failed"), "\(bad)")
      let killed = try await skein("submit", "--wait", "--", "sh", "-c", "kill -9 $$")
      #expect(killed.code == 137, "\(killed)")
      let late = try await skein("submit", "--wait", "--timeout", "50ms", "--", "sleep", "60")
      #expect(late.code == 1 && late.errors.contains("timeLimit"), "\(late)")
      let words = try await skein(
        "submit", "--wait", "--task", "wordcount", "--input", #"{"paths":["/etc/passwd"]}"#)
      #expect(words.code == 0 && words.output.contains(#""filesCounted":1"#), "\(words)")
      #expect(try await skein("wait", "1", "2", "3").code == 7)
      _ = try await skein("submit", "--delay", "1h", "--", "true")
      let any = try await skein("wait", "--any", "6", "2")
      #expect(any.code == 7 && any.lines.count == 1 && any.output.hasPrefix("job 2 failed"), "\(any)")
    }
  }

  @Test("a job that failed can be retried, one that waits can be cancelled")
  func retryAndCancel() async throws {
    let flag = skein.directory + "-flag"
    defer { try? FileManager.default.removeItem(atPath: flag) }
    try await skein.withWorker { skein in
      #expect(try await skein("submit", "--wait", "--", "test", "-e", flag).code == 1)
      _ = FileManager.default.createFile(atPath: flag, contents: nil)
      #expect(try await skein("retry", "1").output == "job 1 is ready again\n")
      #expect(try await skein("wait", "1", "--timeout", "60s").code == 0)
      #expect(try await skein("retry", "1").code == 1)
      _ = try await skein("submit", "--delay", "1h", "--", "true")
      #expect(try await skein("cancel", "2").output == "job 2 is cancelled\n")
      let again = try await skein("cancel", "2")
      #expect(again.code == 1 && again.output.contains("had ended before"))
      #expect(try await skein("wait", "2").code == 1)
    }
  }

  @Test("a running command is cancelled")
  func cancelRunning() async throws {
    try await skein.withWorker { skein in
      _ = try await skein("submit", "--", "sh", "-c", "echo started; exec sleep 600")
      async let waiting = skein("wait", "1", "--timeout", "60s")
      try await skein.untilRunning()
      #expect(try await skein("cancel", "1").output == "job 1 is asked to stop\n")
      let wait = try await waiting
      #expect(wait.code == 1 && wait.output.contains("cancelled"), "\(wait)")
    }
  }

  @Test("a worker ends cleanly on SIGTERM, after the job that runs")
  func shutdown() async throws {
    // The job ends after the signal was sent, however slowly this test goes.
    let gate = skein.directory + "-gate"
    defer { try? FileManager.default.removeItem(atPath: gate) }
    _ = try await skein(
      "submit", "--", "sh", "-c",
      "n=0; until test -e '\(gate)' -o $n -eq 9000; do sleep 0.02; n=$((n + 1)); done")
    let worker = try await skein.withWorker(
      "--name", "w", afterSignals: { _ = FileManager.default.createFile(atPath: gate, contents: nil) }
    ) { skein in
      try await skein.untilRunning()
    }
    #expect(worker.code == 0 && worker.errors.contains("SIGTERM: running jobs finish"), "\(worker)")
    #expect(try await skein("list").lines[0].contains("\tsucceeded\t"))
    #expect(!(try await skein("stats").output.contains("worker")))
  }

  @Test("a second signal gives the running job back and ends its processes")
  func handBack() async throws {
    _ = try await skein("submit", "--", "sh", "-c", "echo $$; exec sleep 600")
    let worker = try await skein.withWorker(signals: [.terminate, .interrupt]) { skein in
      // Stored with a delay, so that the job has surely started.
      try await eventually("the job has written a line") { try await !skein("logs", "1").output.isEmpty }
    }
    #expect(worker.code == 0 && worker.errors.contains("running jobs are given back"), "\(worker)")
    #expect(try await skein("list").lines[0].hasPrefix("1\tready\t"))
    let process = try await skein("logs", "1").output.trimmingCharacters(in: .newlines)
    #expect(!process.isEmpty && !FileManager.default.fileExists(atPath: "/proc/\(process)/cwd"))
  }

  @Test("the demo comes out as expected and leaves nothing")
  func demo() async throws {
    let demo = try await skein("demo", "/etc/passwd")
    #expect(demo.code == 0 && demo.output.contains("Every outcome is the expected one."), "\(demo)")
    let directory = try #require(demo.output.split(separator: ",").first?.split(separator: " ").last)
    #expect(!FileManager.default.fileExists(atPath: String(directory)))
  }

  // MARK: Batches

  @Test("a batch is read line by line: shell text, commands and tasks")
  func batch() async throws {
    let lines = """
      echo one

      {"command": ["echo", "two"], "priority": 9}
      {"task": "wordcount", "input": {"paths": ["/etc/passwd"]}}
      """
    let submitted = try await skein("submit", "--queue", "batch", "--json", input: lines)
    #expect(submitted.code == 0 && submitted.lines.count == 3, "\(submitted)")
    let list = try await skein("list", "--queue", "batch").lines.map { $0.split(separator: "\t") }
    #expect(list.map { $0[2] } == ["wordcount", "command", "command"])
    #expect(list.map { $0[4] } == ["5", "9", "5"])
  }

  @Test("a list is sorted before it is cut, by any key and either way round")
  func sorting() async throws {
    for priority in [5, 9, 0, 7] { _ = try await skein("submit", "--priority", "\(priority)", "--", "true") }
    func list(_ arguments: String...) async throws -> [Substring] {
      try await skein.run(["list", "--limit", "2"] + arguments).lines.map { $0.prefix(1) }
    }
    #expect(try await list() == ["4", "3"])
    #expect(try await list("--reverse") == ["1", "2"])
    #expect(try await list("--sort", "priority") == ["2", "4"])
    #expect(try await list("--sort", "-priority") == ["3", "1"])
    #expect(try await list("--sort=priority", "--reverse") == ["3", "1"])
    #expect(try await list("--sort", "-number", "--reverse", "--before", "3") == ["2", "1"])
    #expect(try await list("--since", "1h") == ["4", "3"])
    #expect(try await list("--since", "0s") == [])
  }

  @Test(
    "of a batch with a bad line nothing is stored, and the line is named",
    arguments: [
      (#"{"task": "wordcuont"}"#, "line 2: no job is called 'wordcuont'"),
      (#"{"task": "wordcount", "input": {"paths": 3}}"#, "line 2: the input of job 'wordcount' does not fit"),
      (#"{"command": ["ls"], "priority": 12}"#, "line 2: the priority is 12"),
      (#"{"command": ["ls"], "nice": 1}"#, "line 2: there is no key 'nice'"),
      (#"{"command": []}"#, "line 2: "),
    ])
  func badBatch(_ line: String, _ message: String) async throws {
    let submitted = try await skein("submit", input: "echo fine\n\(line)\necho fine\n")
    #expect(
      submitted.code == 64 && submitted.output == "" && submitted.errors.contains(message), "\(submitted)")
    #expect(!FileManager.default.fileExists(atPath: skein.directory))
  }

  @Test("an empty batch submits nothing and says so")
  func emptyBatch() async throws {
    let submitted = try await skein("submit", input: "\n\n")
    #expect(submitted.code == 0 && submitted.errors.contains("nothing was submitted"))
  }

  @Test("a unique key gives the unfinished job")
  func unique() async throws {
    let first = try await skein("submit", "--unique", "k", "--", "true")
    let second = try await skein("submit", "--unique", "k", "--", "true")
    #expect(first.output == second.output && first.code == 0 && second.code == 0)
  }

  // MARK: Wrong input

  @Test(
    "wrong arguments end with code 64 and say what is wrong",
    arguments: [
      (["submit", "--task", "nope"], "known are command, wordcount, wordcount.total"),
      (["submit", "--task", "wordcount", "--input", "{"], "is no JSON"),
      (["submit", "--task", "wordcount", "--input", "@/no/such/file"], "does not exist"),
      (["submit", "--task", "wordcount", "--", "ls"], "not both"),
      (["submit", "--priority", "11", "--", "ls"], "priorities go from 0 to 9"),
      (["submit", "--timeout", "5", "--", "ls"], "the unit is missing"),
      (["submit", "--timeout", "0s", "--", "ls"], "hard time limit"),
      (["submit", "--backoff", "1s", "--", "ls"], "--retries"),
      (["submit", "--env", "1X=2", "--", "ls"], "is no name for an environment variable"),
      (["submit", "--", ""], "the command is empty"),
      (["submit", "ls"], "Unexpected argument"),
      (["list", "--state", "asleep"], "is no state"), (["list", "--limit", "0"], "--limit"),
      (["list", "--sort", "size"], "keys are number, enqueued, started, ended, ran, priority"),
      (["list", "--sort", "ran", "--before", "3"], "--before goes with the usual order alone"),
      (["list", "--reverse", "--before", "3"], "--before goes with the usual order alone"),
      (["list", "--since", "yesterday"], "is no duration"),
      (["show", "twelve"], "names no job"), (["wait"], "Missing expected argument"),
      (["worker", "--concurrency", "0"], "1 to 10000"),
      (["worker", "--queue", "a=b"], "no queue with a weight"),
      (["list", "--log-level", "loud"], "is no log level"), (["demo", "/no/such/folder"], "can be read"),
      (["frobnicate"], "frobnicate"),
    ])
  func wrongArguments(_ arguments: [String], _ message: String) async throws {
    let run = try await skein.run(arguments)
    #expect(run.code == 64 && run.output == "" && run.errors.contains(message), "\(run)")
    #expect(!FileManager.default.fileExists(atPath: skein.directory))
  }

  @Test(
    "where there is no queue, looking says so and makes none",
    arguments: ["list", "stats", "show 1", "wait 1"])
  func noQueue(_ verb: String) async throws {
    let run = try await skein.run(verb.split(separator: " ").map(String.init))
    #expect(run.code == 2 && run.errors.contains("there is no queue in \(skein.directory)"), "\(run)")
    #expect(!FileManager.default.fileExists(atPath: skein.directory))
  }

  @Test("a job that does not exist is code 3, one that takes longer is code 4")
  func notFound() async throws {
    _ = try await skein("submit", "--", "true")
    for verb in ["show", "logs", "wait", "cancel", "retry"] {
      let run = try await skein(verb, "99")
      #expect(run.code == 3 && run.errors.contains("there is no job 99"), "\(run)")
    }
    let wait = try await skein("wait", "1", "--timeout", "10ms")
    #expect(wait.code == 4 && wait.errors.contains("it goes on"), "\(wait)")
  }

  @Test("a file in the directory's place is told apart")
  func fileAsDirectory() async throws {
    let run = try await skein("submit", "--data-dir", "/etc/passwd", "--", "true")
    #expect(
      run.code == 2 && run.errors == "error: /etc/passwd is a file: name a directory with --data-dir\n",
      "\(run)")
  }

  @Test("a file that is no queue is left alone")
  func foreignFile() async throws {
    try FileManager.default.createDirectory(atPath: skein.directory, withIntermediateDirectories: true)
    let path = skein.directory + "/queue.sqlite"
    _ = FileManager.default.createFile(atPath: path, contents: Data("this is no database, it is a text".utf8))
    let run = try await skein("submit", "--", "true")
    #expect(run.code == 2 && run.errors.contains("queue.sqlite"), "\(run)")
    #expect(FileManager.default.contents(atPath: path) == Data("this is no database, it is a text".utf8))
  }

  // MARK: Output

  @Test("help has examples and the exit codes")
  func help() async throws {
    let help = try await skein("--help")
    #expect(help.code == 0 && help.output.contains("Exit codes:") && help.output.contains("130"))
    for verb in [
      "up", "worker", "submit", "list", "show", "logs", "wait", "cancel", "retry", "stats", "demo", "workers",
      "inspect", "advise", "schedule", "pause", "resume", "purge", "prune", "evict", "backup", "check",
    ] {
      #expect(try await skein(verb, "--help").output.contains("Examples:"), "\(verb)")
    }
    for verb in ["add", "list", "show", "run", "pause", "resume", "remove", "preview"] {
      #expect(try await skein("schedule", verb, "--help").output.contains("Examples:"), "\(verb)")
    }
  }

  @Test("a reader that goes away ends the tool quietly")
  func brokenPipe() async throws {
    _ = try await skein(
      "submit", input: String(repeating: "echo something rather long to fill the pipe\n", count: 3000))
    let run = try await skein.shell("\"$0\" list --limit 3000 | head -n 1; echo ${PIPESTATUS[0]}")
    #expect(run.lines.count == 2 && run.lines.last == "0" && run.errors == "", "\(run)")
  }
}
