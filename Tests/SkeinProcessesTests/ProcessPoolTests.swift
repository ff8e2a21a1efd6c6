import FoundationEssentials
import Glibc
import ProcessFunctions
import SkeinFutures
import SkeinProcesses
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

func processPool(
  _ processes: Int = 2, name: String = "test", _ change: (inout ProcessPool.Options) -> Void = { _ in }
) throws -> ProcessPool {
  var options = ProcessPool.Options()
  options.program = try program()
  change(&options)
  return try ProcessPool(processes: processes, name: name, options: options)
}

@Suite("ProcessPool")
struct ProcessPoolTests {
  @Test(
    "functions run in processes, by futures and at once, for tasks and threads", arguments: executingMethods)
  func running(method: StartMethod) async throws {
    let pool = try processPool { $0.method = method }
    let futures = try await withFutures(of: pool, 0..<20)
    for (number, future) in futures.enumerated() { #expect(try await future.value == number * number) }
    #expect(try await pool.run(Square(12)) == 144)
    #expect(try await onThread { try pool.run(Square(13)) } == 169)
    #expect(try await pool.run(WhoAmI()) != getpid())
    #expect(pool.processIDs.count <= 2)
    let processes = pool.processIDs
    await pool.shutdown()
    for process in processes { try await eventually("process \(process) is gone") { !exists(process) } }
  }

  private func withFutures(of pool: ProcessPool, _ numbers: Range<Int>) async throws -> [Future<Int>] {
    var futures: [Future<Int>] = []
    for number in numbers { futures.append(try await pool.submit(Square(number))) }
    return futures
  }

  @Test("it keeps the rules of worker pools", .timeLimit(.minutes(2)))
  func rules() async throws {
    try await exerciseWorkerPool { workers in try processPool(workers) }
    try await exerciseWorkerPool { workers in try processPool(workers) { $0.method = .spawn } }
  }

  @Test("what a function throws arrives, and its process goes on")
  func errors() async throws {
    let pool = try processPool(1)
    let before = try await pool.run(WhoAmI())
    let failing = try await pool.submit(Fail(3))
    do {
      _ = try await failing.value
      Issue.record("the error did not arrive")
    } catch let error as RemoteError { #expect(error.message.contains("3")) }
    #expect(try await pool.run(WhoAmI()) == before)
    await pool.shutdown()
  }

  @Test(
    "a trap and an exit are errors with what was written last, and the pool goes on",
    .disabled(if: isUnderThreadSanitizer))
  func crashes() async throws {
    let pool = try processPool(2)
    do {
      _ = try await pool.run(Trap())
      Issue.record("the trap did not arrive")
    } catch let crash as ProcessCrashed {
      #expect(crash.signal == SIGILL || crash.signal == SIGTRAP)
      #expect(crash.lastOutput.contains("Index out of range"))
      #expect(crash.function == "trap" && crash.attempts == 1)
    }
    do {
      _ = try await onThread { try pool.run(End(9)) }
      Issue.record("the exit did not arrive")
    } catch let crash as ProcessCrashed { #expect(crash.exit == .exited(9)) }
    #expect(try await pool.run(Square(2)) == 4)
    await pool.shutdown()
  }

  @Test("a pool that is to fail fast is broken by a crash")
  func failFast() async throws {
    let pool = try processPool(1) { $0.crashPolicy = .failFast }
    let crashing = try await pool.submit(End(3))
    let next = try await pool.submit(Square(1))
    let isBroken: (any Error) -> Bool = { if case PoolError.broken = $0 { true } else { false } }

    await #expect { _ = try await crashing.value } throws: { isBroken($0) }
    await #expect { _ = try await next.value } throws: { isBroken($0) }
    await #expect { _ = try await pool.submit(Square(1)) } throws: { isBroken($0) }
    await #expect { _ = try await pool.run(Square(1)) } throws: { isBroken($0) }
    await pool.shutdown()
  }

  @Test("a function that may run twice is tried again, and given up after so many times")
  func retrying() async throws {
    let pool = try processPool(1) { $0.crashPolicy = .restart(attempts: 3) }
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    #expect(try await pool.run(CrashUntil(2, in: directory)) == 3)
    do {
      _ = try await pool.run(CrashUntil(9, in: directory + "/"))
      Issue.record("it was not given up")
    } catch let crash as ProcessCrashed { #expect(crash.attempts == 3) }
    #expect(try await pool.run(Square(3)) == 9)
    await pool.shutdown()
  }

  @Test(
    "a function that takes too long is killed with its process, and the pool goes on",
    arguments: [false, true])
  func timeLimit(isThread: Bool) async throws {
    let pool = try processPool(1) { $0.timeLimit = .seconds(1) }
    do {
      if isThread { _ = try await onThread { try pool.run(Spin()) } } else { _ = try await pool.run(Spin()) }
      Issue.record("it was not killed")
    } catch let error as TimeLimitExceeded {
      #expect(error.function == "spin" && error.limit == .seconds(1))
    }
    #expect(try await pool.run(Square(3)) == 9)
    await pool.shutdown()
  }

  @Test("cancelling the task that waits kills the function with its process")
  func cancelling() async throws {
    let pool = try processPool(1)
    let process = try await pool.run(WhoAmI())
    let running = Task { try await pool.run(Spin()) }
    try await eventually("it runs") { isBusy(process) }
    running.cancel()
    await #expect(throws: WaitError.cancelled) { try await running.value }
    try await eventually("the process is gone") { !exists(process) }
    #expect(try await pool.run(Square(3)) == 9)
    await pool.shutdown()
  }

  @Test("the initialiser runs once in each process, before anything else, and breaks the pool when it fails")
  func initialising() async throws {
    let pool = try processPool(1) {
      $0.initialiser = Remember("hello")
      $0.functionsPerProcess = 2
    }
    var processes: Set<Int32> = []
    for _ in 0..<4 {
      #expect(try await pool.run(Recall()) == "hello")
      processes.formUnion(pool.processIDs)
    }
    #expect(processes.count == 2)
    await pool.shutdown()
    let broken = try processPool(1) { $0.initialiser = Fail(1) }
    let first = try await broken.submit(Square(1))
    await #expect { _ = try await first.value } throws: {
      if case PoolError.broken(_, let error) = $0 { error is RemoteError } else { false }
    }
    await broken.shutdown()
  }

  @Test("an allocation beyond the memory limit ends its process alone", .disabled(if: isUnderThreadSanitizer))
  func memoryLimit() async throws {
    let pool = try processPool(1) { $0.memoryLimit = 256 << 20 }
    #expect(try await pool.run(Allocate(16 << 20)) == 16 << 20)
    await #expect(throws: ProcessCrashed.self) { try await pool.run(Allocate(1 << 30)) }
    #expect(try await pool.run(Square(3)) == 9)
    await pool.shutdown()
  }

  @Test("idle processes beyond the warm ones end after a while")
  func shrinking() async throws {
    let pool = try processPool(3) {
      $0.warmProcesses = 1
      $0.keepAlive = .milliseconds(1)
    }
    // Three run at once.
    let pairs = try (0..<3).map { _ in try Connection.makePair() }
    var futures: [Future<String>] = []
    for pair in pairs { futures.append(try await pool.submit(Meet(pair.1))) }
    for pair in pairs { _ = try await pair.0.receive(Int32.self) }
    #expect(pool.processIDs.count == 3)
    for pair in pairs { try await pair.0.send("go") }
    for future in futures { _ = try await future.value }
    try await eventually("one is left") { pool.processIDs.count == 1 }
    #expect(try await pool.run(Square(3)) == 9)
    await pool.shutdown()
  }

  @Test("a process that ended while it was idle is replaced")
  func idleDeath() async throws {
    let pool = try processPool(1)
    let process = try await pool.run(WhoAmI())
    kill(process, SIGKILL)
    try await eventually("its end is noted") { pool.processIDs.isEmpty }
    #expect(try await pool.run(WhoAmI()) != process)
    await pool.shutdown()
  }

  @Test("a map keeps the order, for all chunks, and takes functions as it goes", arguments: [1, 3, 100])
  func mapping(chunk: Int) async throws {
    let pool = try processPool(2)
    let taken = Lock(0)
    let numbers = (0..<50).lazy.map { number in
      taken.withLock { $0 += 1 }
      return Square(number)
    }
    #expect(try await pool.map(numbers, chunk: chunk) == (0..<50).map { $0 * $0 })
    #expect(taken.withLock { $0 } == 50)
    #expect(try await pool.map([Square](), chunk: chunk).isEmpty)
    var results: [Int] = []
    for try await result in pool.mapUnordered((0..<50).map { Square($0) }, chunk: chunk) {
      results.append(try result.get())
    }
    #expect(results.sorted() == (0..<50).map { $0 * $0 })
    await pool.shutdown()
  }

  @Test("an error of a map is thrown, and in an unordered one the others come all the same")
  func mapErrors() async throws {
    let pool = try processPool(2)
    await #expect(throws: RemoteError.self) {
      try await pool.map((0..<10).map { SquareOrFail($0) }, chunk: 2)
    }
    var (failures, values) = (0, 0)
    for try await result in pool.mapUnordered((0..<10).map { SquareOrFail($0) }, chunk: 2) {
      switch result {
      case .success: values += 1
      case .failure: failures += 1
      }
    }
    #expect(values == 9 && failures == 1)
    await pool.shutdown()
  }

  @Test("one function in a process of its own: its value, its error, its crash, its limit")
  func inProcess() async throws {
    let program = try program()
    #expect(try await runInProcess(Square(4), program: program) == 16)
    #expect(try await onThread { try runInProcess(Square(5), method: .spawn, program: program) } == 25)
    await #expect(throws: RemoteError.self) { try await runInProcess(Fail(1), program: program) }
    await #expect(throws: ProcessCrashed.self) { try await runInProcess(End(0), program: program) }
    await #expect(throws: TimeLimitExceeded.self) {
      try await runInProcess(Spin(), timeLimit: .milliseconds(50), program: program)
    }
  }

  @Test("a result that can not travel is an error of its function, and the process goes on")
  func impossibleResult() async throws {
    let pool = try processPool(1)
    let process = try await pool.run(WhoAmI())
    await #expect(throws: RemoteError.self) { try await pool.run(ReturnManyFiles(251)) }
    #expect(try await pool.run(ReturnManyFiles(3)).count == 3)
    #expect(try await pool.run(WhoAmI()) == process)
    await pool.shutdown()
  }

  @Test("work that can not go to a process is refused, and numbers that make no sense are")
  func refusals() async throws {
    struct Local: PoolWork {
      func run() -> Int { 1 }
    }
    let pool = try processPool(1)
    await #expect(throws: ProcessPoolError.self) { try await pool.submit(Local()) }
    await pool.shutdown()
    await #expect(throws: PoolError.self) { try await pool.submit(Square(1)) }
    for change: (inout ProcessPool.Options) -> Void in [
      { $0.functionsPerProcess = 0 }, { $0.warmProcesses = -1 }, { $0.memoryLimit = 0 },
      { $0.crashPolicy = .restart(attempts: 0) }, { $0.queueCapacity = -1 },
    ] {
      #expect(throws: PoolError.self) { try processPool(1, change) }
    }
    #expect(throws: PoolError.self) { try processPool(0) }
    #expect(throws: ProcessError.notPrepared) { try ProcessPool(processes: 1) }
  }
}

/// Whether a process has used processor time lately: it computes.
func isBusy(_ process: Int32) -> Bool {
  func ticks() -> Int {
    guard let file = fopen("/proc/\(process)/stat", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    guard fgets(&line, 512, file) != nil else { return 0 }
    let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    return Int(text[text.lastIndex(of: ")")!...].split(separator: " ")[12]) ?? 0
  }
  return ticks() > 2
}
