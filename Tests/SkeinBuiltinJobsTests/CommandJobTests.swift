import FoundationEssentials
import Glibc
import Logging
import SkeinResilience
import SkeinTesting
import Synchronization
import Testing

@testable import SkeinBuiltinJobs
@testable import SkeinJobs

/// Runs a shell script.
private func shell(
  _ script: String, _ context: JobContext = JobContext(), _ change: (inout CommandJob) -> Void = { _ in }
) async throws -> CommandResult {
  var job = CommandJob(arguments: ["sh", "-c", script])
  change(&job)
  return try await job.run(in: context)
}

@Suite("command", .timeLimit(.minutes(5)))
struct CommandJobTests {
  let context = JobContext()

  // MARK: Ends

  @Test("a program that succeeds gives its output, and its counts")
  func success() async throws {
    let result = try await shell("echo out; echo error >&2", context)
    #expect(result.exitCode == 0)
    #expect(result.standardOutput == "out\n")
    #expect(result.standardError == "error\n")
    #expect(result.standardOutputBytes == 4)
    #expect(result.standardErrorBytes == 6)
    #expect(!result.isTruncated)
    #expect(result.seconds > 0)
    #expect(Set(context.logLines) == ["out", "error"])
  }

  @Test(
    "an exit code other than 0 fails the attempt, with the last lines of standard error",
    arguments: [1, 3, 255])
  func exitCode(code: Int32) async throws {
    let error = try await #require(throws: CommandFailed.self) {
      try await shell("echo first >&2; echo why >&2; exit \(code)", context)
    }
    #expect(error.exitCode == code)
    #expect(error.description == "'sh' exited with code \(code):\nfirst\nwhy")
    #expect(!ErrorName.isPermanent(error))
    #expect((error as any Error) is any ExitCodeError)
    #expect(context.logText == "first\nwhy\n")
  }

  @Test("a signal fails the attempt with its negative number and its name")
  func signal() async throws {
    let error = try await #require(throws: CommandFailed.self) { try await shell("kill -SEGV $$") }
    #expect(error.exitCode == -SIGSEGV)
    #expect(error.description == "'sh' was ended by SIGSEGV (signal 11); it wrote nothing to standard error")
  }

  @Test(
    "a program that can not be run fails for good",
    arguments: ["no-such-program-here", "/no/such/program", "/etc/passwd", "/tmp", "./nothing"])
  func missingProgram(program: String) async throws {
    let error = try await #require(throws: CommandNotStarted.self) {
      try await CommandJob(arguments: [program]).run(in: context)
    }
    #expect(error.description.contains("'\(program)' can not be run"))
    #expect(ErrorName.isPermanent(error))
  }

  @Test(
    "a script whose interpreter is missing, or that has none, fails for good",
    arguments: ["#!/no/such\n", "echo\n"])
  func badScript(text: String) async throws {
    try await withFolder { folder in
      let script = try folder.write("script", text)
      chmod(script, 0o755)
      await #expect(throws: CommandNotStarted.self) {
        try await CommandJob(arguments: [script]).run(in: context)
      }
    }
  }

  @Test("a directory that is not there fails for good", arguments: ["/no/such/directory", "/etc/passwd"])
  func missingDirectory(directory: String) async throws {
    let error = try await #require(throws: CommandNotStarted.self) {
      try await CommandJob(arguments: ["ls"], directory: directory).run(in: context)
    }
    #expect(error.description.contains("'\(directory)'"))
    #expect(ErrorName.isPermanent(error))
  }

  // MARK: What the program finds

  @Test("the program runs in the directory, and a relative path of a program starts there")
  func directory() async throws {
    try await withFolder { folder in
      let script = try folder.write("bin/where", "#!/bin/sh\npwd\n")
      chmod(script, 0o755)
      let result = try await CommandJob(arguments: ["./bin/where"], directory: folder.path).run(in: context)
      #expect(result.standardOutput == folder.path + "\n")
    }
  }

  @Test("only the named variables, PATH and the attempt's own are passed")
  func environment() async throws {
    let context = JobContext(attempt: 3)
    let result = try await CommandJob(
      arguments: ["env"], environment: ["GREETING": "hello world", "SKEIN_ATTEMPT": "99"],
      inherits: ["HOME", "NOT_SET_ANYWHERE"]
    ).run(in: context)
    var expected: Set<String> = ["GREETING=hello world", "SKEIN_JOB_ID=\(context.id)", "SKEIN_ATTEMPT=3"]
    for name in ["PATH", "HOME"] {
      if let value = ProcessInfo.processInfo.environment[name] { expected.insert("\(name)=\(value)") }
    }
    #expect(Set(result.standardOutput.split(separator: "\n").map(String.init)) == expected)
  }

  @Test("a PATH of its own decides where the program is found")
  func path() async throws {
    try await withFolder { folder in
      chmod(try folder.write("my-tool", "#!/bin/sh\necho found\n"), 0o755)
      let job = CommandJob(arguments: ["my-tool"], environment: ["PATH": folder.path])
      #expect(try await job.run(in: context).standardOutput == "found\n")
    }
  }

  @Test("arguments arrive as they are")
  func arguments() async throws {
    let arguments = ["printf", "[%s]", "a b", "$HOME", "", "*", "é"]
    let result = try await CommandJob(arguments: arguments).run(in: context)
    #expect(result.standardOutput == "[a b][$HOME][][*][é]")
  }

  @Test("standard input is the text, or empty")
  func standardInput() async throws {
    let text = String(repeating: "line é\n", count: 50_000)
    #expect(try await shell("cat") { $0.standardInput = text }.standardOutputBytes == text.utf8.count)
    #expect(try await shell("readlink /proc/self/fd/0; cat").standardOutput == "/dev/null\n")
  }

  @Test("a program that does not read its input does no harm")
  func unreadInput() async throws {
    let text = String(repeating: "x", count: 1 << 20)
    #expect(try await shell("exec 0<&-; exit 0") { $0.standardInput = text }.exitCode == 0)
  }

  @Test("the program has a session and a process group of its own, which the worker hears of at once")
  func processGroup() async throws {
    let groups = Mutex<[Int32]>([])
    let notes = AttemptNotes { group in groups.withLock { $0.append(group) } }
    let context = JobContext(
      id: JobID(), attempt: 1, queue: "default", deadline: nil, logger: Logger(label: "test"), notes: notes)
    let script = "read -r pid name state parent group session rest < /proc/self/stat; echo $group $session $$"
    let result = try await shell(script, context)
    let numbers = result.standardOutput.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    #expect(numbers.count == 3)
    #expect(Set(numbers) == Set(groups.withLock { $0 }))
    #expect(groups.withLock { $0.count } == 1)
  }

  // MARK: Output

  @Test("output beyond the limit is counted and dropped, and does not hold the program up")
  func longOutput() async throws {
    let result = try await shell("head -c 10000000 /dev/zero | tr '\\0' x; echo end >&2", context) {
      $0.outputLimit = 1000
    }
    #expect(result.standardOutput == String(repeating: "x", count: 1000))
    #expect(result.standardOutputBytes == 10_000_000)
    #expect(result.standardError == "end\n")
    #expect(result.isTruncated)
    #expect((JobContext.mostLogBytes...(JobContext.mostLogBytes + 200)).contains(context.log.count))
  }

  @Test("what a program writes last is never lost", arguments: 0..<8)
  func lastWords(round: Int) async throws {
    let script = "head -c 60000 /dev/zero; head -c 60000 /dev/zero >&2; printf END; printf END >&2"
    let result = try await shell(script)
    #expect(result.standardOutputBytes == 60_003)
    #expect(result.standardErrorBytes == 60_003)
    #expect(result.standardOutput.hasSuffix("END"))
  }

  @Test("a program may close its output and go on")
  func closedOutput() async throws {
    try await withFolder { folder in
      let error = try await #require(throws: CommandFailed.self) {
        try await shell("exec >&- 2>&-; sleep 0.05; exit 7") { $0.directory = folder.path }
      }
      #expect(error.exitCode == 7)
    }
  }

  // MARK: Descendants

  @Test("a background process that keeps the output open is ended with the program, and holds nothing up")
  func backgroundProcess() async throws {
    let result = try await shell("sleep 1000 & echo $!; exit 0")
    let child = try #require(pid_t(result.standardOutput.dropLast()))
    #expect(result.seconds < 500)
    try await eventually("the background process is gone") { !isAlive(child) }
  }

  @Test("a background process that ignores SIGTERM and writes without end is ended too")
  func writingBackgroundProcess() async throws {
    let result = try await shell("trap '' TERM; yes & echo started >&2; exit 0") { $0.outputLimit = 10 }
    #expect(result.standardError == "started\n")
  }

  @Test("a daemon that left the group and writes without end does not hold the job up", .tags(.slow))
  func daemon() async throws {
    try await withFolder { folder in
      let daemon = "echo $$ >&2; echo more than ten bytes; : > left; exec yes"
      let script = "setsid sh -c '\(daemon)' & until test -e left; do sleep 0.01; done"
      let result = try await shell(script) {
        $0.directory = folder.path
        $0.outputLimit = 10
      }
      kill(try #require(pid_t(result.standardError.dropLast())), SIGKILL)
      #expect(result.isTruncated)
    }
  }

  // MARK: Cancellation

  /// Starts a script, waits for some lines in the log, cancels, and gives the lines.
  private func cancel(
    _ script: String, lines: Int, grace: Duration = .seconds(120)
  ) async throws -> [Substring] {
    let context = context
    let task = Task { try await shell(script, context) { $0.terminationGrace = grace } }
    try await eventually("the script has written") { context.logLines.count >= lines }
    let written = context.logLines
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    return written
  }

  @Test("cancellation ends the whole process tree")
  func cancellation() async throws {
    let start = ContinuousClock.now
    let grace = Duration.seconds(300)
    let lines = try await cancel(
      "sleep 1000 & echo $!; sh -c 'sleep 1001 & echo $!; wait' & wait", lines: 2, grace: grace)
    for line in lines {
      let process = try #require(pid_t(line))
      #expect(!isAlive(process))
    }
    #expect(ContinuousClock.now - start < grace)
  }

  @Test("a process that ignores SIGTERM is killed after the grace, and the log says so")
  func stubborn() async throws {
    let script = "trap '' TERM; echo $$; while :; do sleep 1000; done"
    let lines = try await cancel(script, lines: 1, grace: .milliseconds(50))
    #expect(!isAlive(try #require(pid_t(lines[0]))))
    #expect(context.logText.hasSuffix("[killed: not ended 0.05 seconds after SIGTERM]\n"))
  }

  @Test("a child that ignores SIGTERM is killed after the grace though its parent has ended")
  func stubbornChild() async throws {
    let script = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1000; done' & wait"
    let lines = try await cancel(script, lines: 1, grace: .milliseconds(50))
    let child = try #require(pid_t(lines[0]))
    try await eventually("the child is gone") { !isAlive(child) }
    #expect(context.logText.contains("killed"))
  }

  @Test("a child that cleans up on SIGTERM has the grace for it though its parent has ended")
  func cleaningChild() async throws {
    let script = "sh -c 'trap \"echo cleaned; exit\" TERM; echo ready; while :; do sleep 0.01; done' & wait"
    try await withFolder { folder in
      let mark = folder.path + "/mark"
      let script = script.replacing("echo cleaned", with: "sleep 0.05; echo cleaned > \(mark)")
      _ = try await cancel(script, lines: 1)
      #expect(FileManager.default.fileExists(atPath: mark))
    }
  }

  @Test("what the program writes on SIGTERM is in the log")
  func farewell() async throws {
    let script = "trap 'echo farewell; exit 0' TERM; echo ready; while :; do sleep 0.01; done"
    _ = try await cancel(script, lines: 1)
    #expect(context.logText.contains("farewell\n"))
  }

  @Test("a stopped process is ended as well")
  func stopped() async throws {
    let lines = try await cancel("echo $$; kill -STOP $$", lines: 1)
    #expect(!isAlive(try #require(pid_t(lines[0]))))
    #expect(!context.logText.contains("killed"))
  }

  @Test("a job that is cancelled before it starts starts nothing")
  func cancelledBefore() async throws {
    try await withFolder { folder in
      let context = context
      let task = Task {
        withUnsafeCurrentTask { $0!.cancel() }
        return try await shell("touch started", context) { $0.directory = folder.path }
      }
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/started"))
    }
  }

  @Test(
    "a cancellation at any moment ends the job with its result or with a cancellation, and leaves no process",
    .tags(.slow))
  func cancellationAnywhere() async throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<12 {
      let groups = Mutex<[Int32]>([])
      let notes = AttemptNotes { group in groups.withLock { $0.append(group) } }
      let context = JobContext(
        id: JobID(), attempt: 1, queue: "default", deadline: nil, logger: Logger(label: "test"), notes: notes)
      let task = Task { try await shell("sleep 1000 & exit 0", context) }
      for _ in 0..<Int.random(in: 0..<400, using: &generator) { await Task.yield() }
      task.cancel()
      do { _ = try await task.value } catch { #expect(error is CancellationError) }
      for group in groups.withLock({ $0 }) {
        try await eventually("the group is gone") { kill(-group, 0) != 0 }
      }
    }
  }
}

@Suite("the resources of a command")
struct CommandResourceTests {
  @Test("no zombie of the job's own is left")
  func zombies() async throws {
    let context = JobContext()
    _ = try await shell("echo $$", context)
    let leader = try #require(pid_t(context.logLines[0]))
    var status: Int32 = 0
    #expect(waitpid(leader, &status, WNOHANG) == -1)
    #expect(errno == ECHILD)
  }

  @Test("the program inherits no descriptor but its standard streams")
  func inheritedDescriptors() async throws {
    let job = CommandJob(arguments: ["ls", "/proc/self/fd"], standardInput: "x")
    // 3 is the folder that ls reads.
    #expect(try await job.run(in: JobContext()).standardOutput == "0\n1\n2\n3\n")
  }

  @Test("descriptors do not grow in number with the jobs")
  func descriptors() async throws {
    // In a process of its own, for other tests open descriptors too.
    await #expect(processExitsWith: .success) {
      func count() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      }
      _ = try await shell("echo warm up") { $0.standardInput = "x" }
      let before = try count()
      for round in 0..<12 {
        _ = try? await shell("exit \(round % 2)") { $0.standardInput = "x" }
        _ = try? await CommandJob(arguments: ["no-such-program"]).run(in: JobContext())
      }
      // What the library opens for itself, when it first has to wait for a program, may have come since.
      try await eventually("they are closed") { try count() < before + 12 }
    }
  }
}
