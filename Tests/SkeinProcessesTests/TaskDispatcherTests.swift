import FoundationEssentials
import Glibc
import ProcessFunctions
import SkeinFutures
import SkeinProcesses
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

@Suite("TaskDispatcher")
struct TaskDispatcherTests {
  private func dispatcher(
    _ workers: Int = 2, capacity: Int = 1000, byteCapacity: Int = 1 << 20, method: StartMethod = .standard
  ) throws -> TaskDispatcher {
    try TaskDispatcher(
      workers: workers, name: "test", capacity: capacity, byteCapacity: byteCapacity, method: method,
      program: program())
  }

  @Test("tasks are done by the workers, and all answers come", arguments: executingMethods)
  func dispatching(method: StartMethod) async throws {
    let dispatcher = try dispatcher(3, capacity: 50, method: method)
    var futures: [Future<Int>] = []
    for number in 0..<500 { futures.append(try await dispatcher.submit(Square(number))) }
    for (number, future) in futures.enumerated() { #expect(try await future.value == number * number) }
    let who = try await dispatcher.submit(WhoAmI()).value
    let processes = dispatcher.processIDs
    #expect(processes.contains(who) && processes.count == 3 && dispatcher.deathCount == 0)
    let failing = try await onThread { try dispatcher.submit(Fail(7)) }
    await #expect(throws: RemoteError.self) { try await failing.value }
    await dispatcher.shutdown()
    for process in processes { #expect(!exists(process)) }
    await #expect(throws: PoolError.self) { try await dispatcher.submit(Square(1)) }
  }

  @Test("workers that are killed in the midst of it are replaced, and nothing is lost")
  func deaths() async throws {
    let dispatcher = try dispatcher(2)
    var futures: [Future<Int>] = []
    for round in 0..<4 {
      for number in round * 60..<(round + 1) * 60 {
        futures.append(try await dispatcher.submit(SquareSlowly(number)))
      }
      _ = try await futures[round * 60 + 10].value
      let deathsBefore = dispatcher.deathCount
      for process in dispatcher.processIDs.prefix(1 + round % 2) { kill(process, SIGKILL) }
      try await eventually("a death was noted") { dispatcher.deathCount > deathsBefore }
    }
    for (number, future) in futures.enumerated() { #expect(try await future.value == number * number) }
    #expect(dispatcher.deathCount >= 4)
    await dispatcher.shutdown()
  }

  @Test("a task that ends its worker is tried again if it may be, and given up at last")
  func poison() async throws {
    let directory = try temporaryDirectory()
    defer { removeDirectory(directory) }
    let dispatcher = try dispatcher(1)
    #expect(try await dispatcher.submit(CrashUntil(2, in: directory)).value == 3)
    let hopeless = try await dispatcher.submit(CrashUntil(100, in: directory))
    let after = try await dispatcher.submit(Square(4))
    do {
      _ = try await hopeless.value
      Issue.record("it came to an end")
    } catch let crash as ProcessCrashed {
      #expect(crash.attempts == 3 && crash.signal == SIGKILL && crash.function == CrashUntil.name)
    }
    #expect(try await after.value == 16)
    let trap = try await dispatcher.submit(Trap())
    let next = try await dispatcher.submit(Square(5))
    do {
      _ = try await trap.value
      Issue.record("it came to an end")
    } catch let crash as ProcessCrashed { #expect(crash.attempts == 1 && !crash.lastOutput.isEmpty) }
    #expect(try await next.value == 25)
    #expect(dispatcher.deathCount == 6)
    await dispatcher.shutdown()
  }

  @Test("what no worker was given can be cancelled, by its future and by the shutdown")
  func cancelling() async throws {
    let dispatcher = try dispatcher(1, capacity: 10)
    var futures: [Future<Int>] = []
    for number in 0..<10 { futures.append(try await dispatcher.submit(SquareSlowly(number))) }
    #expect(futures[9].cancel())
    await dispatcher.shutdown(cancelPending: true)
    let (done, cancelled) = (futures.filter(\.isDone).count, futures.filter(\.isCancelled).count)
    #expect(done == 10 && cancelled >= 1)
    for (number, future) in futures.enumerated() where !future.isCancelled {
      #expect(try await future.value == number * number)
    }
  }

  @Test("what does not fit, or can not travel this way, is refused")
  func refusals() async throws {
    let dispatcher = try dispatcher(1, byteCapacity: 4096)
    let (connection, _) = try Connection.makePair()
    await #expect(throws: ConnectionError.tooManyDescriptors(count: 1, limit: 0)) {
      try await dispatcher.submit(Meet(connection))
    }
    await #expect(throws: SharedQueueError.self) {
      try await dispatcher.submit(Remember(String(repeating: "a", count: 4100)))
    }
    _ = try await dispatcher.submit(Remember(String(repeating: "a", count: 4000))).value
    let long = try await dispatcher.submit(MakeBytes(5000))
    await #expect(throws: RemoteError.self) { try await long.value }
    let files = try await dispatcher.submit(ReturnManyFiles(1))
    await #expect(throws: RemoteError.self) { try await files.value }
    #expect(try await dispatcher.submit(Square(3)).value == 9)
    await dispatcher.shutdown()
    let program = try program()
    #expect(throws: PoolError.self) { try TaskDispatcher(workers: 0, program: program) }
  }

  @Test("workers that can not begin end the dispatcher, and not the machine")
  func stillbirths() async throws {
    let other = ChildProgram(executable: "/bin/true", functions: try ProcessFunctions.registry)
    let dispatcher = try TaskDispatcher(workers: 1, method: .spawn, program: other)
    await #expect(throws: ProcessError.noChild(executable: "/bin/true")) {
      try await dispatcher.submit(Square(1)).value
    }
    await dispatcher.shutdown()
    #expect(dispatcher.deathCount == 3)
  }

  @Test("a dispatcher that nobody refers to does what it has, and ends")
  func release() async throws {
    var dispatcher: TaskDispatcher? = try dispatcher(1)
    let processes = try #require(dispatcher).processIDs
    let future = try await #require(dispatcher).submit(SquareSlowly(6))
    dispatcher = nil
    #expect(try await future.value == 36)
    for process in processes { try await eventually("it is gone") { !exists(process) } }
  }
}
