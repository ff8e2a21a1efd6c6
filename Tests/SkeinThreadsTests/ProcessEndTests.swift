import TestPrograms
import Testing

/// What becomes of threads at the end of the process, shown by processes that end.
@Suite("Threads at the end of the process")
struct ProcessEndTests {
  private func play(_ role: String) async throws -> Program.Result {
    try await Program(built: "ThreadsFixture").run(
      [role], environment: ["TSAN_OPTIONS=die_after_fork=0"])
  }

  private func expect(
    _ role: String, code: Int32 = 0, _ lines: [String], errors: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let result = try await play(role)
    #expect(result.ending == .exit(code: code), "\(result)", sourceLocation: sourceLocation)
    #expect(result.lines == lines, sourceLocation: sourceLocation)
    #expect(result.errors == errors, sourceLocation: sourceLocation)
  }

  @Test("a thread that is no daemon is waited for, and its own values are destroyed")
  func joined() async throws {
    try await expect("joined", ["main ends", "the worker ends", "its own value is destroyed"])
  }

  @Test("daemons are left where they stand, and so is what a daemon starts")
  func daemon() async throws {
    try await expect("daemon", ["main ends"])
  }

  @Test("a timer does not keep the process alive")
  func timer() async throws {
    try await expect("timer", ["main ends"])
  }

  @Test("a thread that calls exit gives the exit code, when the others have ended")
  func exitInThread() async throws {
    try await expect("exit-in-thread", code: 3, ["the other ends"])
  }

  @Test("when a thread calls exit while the process ends, it is not waited for, and the first call counts")
  func exitTwice() async throws {
    try await expect("exit-twice", ["main ends", "the other ends"])
  }

  @Test("threads that all call exit do not wait for one another", arguments: 1...5)
  func exitOfMany(_: Int) async throws {
    try await expect("exit-of-many", code: 7, [])
  }

  @Test("a thread that is started while the others are waited for is waited for too")
  func startedAtExit() async throws {
    try await expect("started-at-exit", ["main ends", "the child ends"])
  }

  @Test("nothing can be started when the threads have been waited for")
  func refused() async throws {
    try await expect(
      "refused-at-exit", ["main ends", "the thread “late” can not be started: the process is ending"])
  }

  @Test(
    "an error that nobody took is written, whether or not somebody could have",
    arguments: ["uncaught", "uncaught-but-held"])
  func uncaught(role: String) async throws {
    try await expect(
      role, ["main ends"],
      errors: "skein: thread “fails” ended with an error that nobody took: Failure()\n")
  }

  @Test("an error that was taken is not")
  func taken() async throws {
    try await expect("taken", ["main ends"])
  }

  @Test("diagnosis shows who ends the process waiting for the threads")
  func seen() async throws {
    try await expect(
      "seen-at-exit", ["main ends", "end of the process true for threads that are no daemons"])
  }

  @Test("a forked child has no threads of its parent's, does not wait for them, and can have its own")
  func fork() async throws {
    try await expect(
      "fork",
      [
        "0 live, false, terminated, 42",
        "the thread “parent's” runs in the process that this one was forked from: "
          + "join it there, or before the fork",
        "the child's own thread ends", "the child ended with 4, by signal 0", "true", "main ends",
      ])
  }

  @Test("a thread that forks is the first of the child")
  func forkInThread() async throws {
    try await expect(
      "thread-forks", ["forks true running 0", "the child ended with 9, by signal 0", "main ends"])
  }
}
