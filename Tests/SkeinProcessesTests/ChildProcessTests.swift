import FoundationEssentials
import Glibc
import ProcessFunctions
import SkeinProcesses
import SkeinSync
import SkeinTesting
import SkeinWork
import TestPrograms
import Testing

/// What tests start children of.
let fixture = Program(built: "ProcessesFixture")

func program() throws -> ChildProgram {
  var program = ChildProgram(executable: fixture.path, functions: try ProcessFunctions.registry)
  // It takes seconds.
  program.environment["SWIFT_BACKTRACE"] = "enable=no"
  return program
}

let executingMethods: [StartMethod] = [.spawn, .forkServer]

/// Whether a process is there, be it that nobody has waited for its end yet.
func exists(_ process: Int32) -> Bool { kill(process, 0) == 0 }

@Suite("ChildProcess")
struct ChildProcessTests {
  @Test("a child does its function and ends with code 0", arguments: executingMethods)
  func success(method: StartMethod) async throws {
    let child = try ChildProcess.start(Succeed(), name: "one", method: method, program: program())
    #expect(child.name == "one" && child.parentProcessID == getpid() && child.processID != getpid())
    let childExit = try await child.join()
    #expect(childExit == .exited(0))
    #expect(try await onThread { try child.join() } == .exited(0))
    #expect(child.exitCode == 0 && !child.isAlive && child.failure == nil)
    // It has been waited for: nothing is left of it.
    try await eventually("it is gone") { !exists(child.processID) }
  }

  @Test("what its function throws is its failure, and the code is 1", arguments: executingMethods)
  func failing(method: StartMethod) async throws {
    let child = try ChildProcess.start(Fail(7), method: method, program: program())
    let childExit = try await child.join()
    #expect(childExit == .exited(1))
    let error = try #require(child.failure as? RemoteError)
    #expect(error.typeName == "ProcessFunctions.Failure" && error.message.contains("7"))
  }

  @Test("a child can end by itself", arguments: executingMethods)
  func endingItself(method: StartMethod) async throws {
    let child = try ChildProcess.start(End(9), method: method, program: program())
    let exit = try await child.join()
    #expect(exit == .exited(9) && child.exitCode == 9 && child.failure == nil)
  }

  @Test(
    "a child that traps or overflows its stack harms nobody else", .disabled(if: isUnderThreadSanitizer),
    arguments: executingMethods)
  func crashes(method: StartMethod) async throws {
    let program = try program()
    let trap = try ChildProcess.start(Trap(), method: method, program: program)
    let overflow = try ChildProcess.start(Overflow(), method: method, program: program)
    let exit = try await trap.join()
    #expect(exit == .signalled(SIGILL) || exit == .signalled(SIGTRAP))
    #expect(trap.exitCode.map { $0 < 0 } == true)
    let overflowExit = try await overflow.join()
    #expect(overflowExit == .signalled(SIGSEGV))
  }

  @Test("terminate and kill end it, and a stubborn one is ended by kill alone", arguments: executingMethods)
  func ending(method: StartMethod) async throws {
    for isStubborn in [false, true] {
      let (mine, theirs) = try Connection.makePair()
      let child = try ChildProcess.start(
        Linger(theirs, isStubborn: isStubborn), method: method, program: program())
      theirs.close()
      _ = try await mine.receive(String.self)
      #expect(child.isAlive && child.exitCode == nil && ChildProcess.active.contains { $0 === child })
      await #expect(throws: WaitError.timedOut) { try await child.join(timeout: .zero) }
      child.terminate()
      if isStubborn {
        #expect(child.isAlive)
        child.kill()
      }
      let childExit = try await child.join()
      #expect(childExit == .signalled(isStubborn ? SIGKILL : SIGTERM))
      child.kill()
      await #expect(throws: ConnectionError.ended) { try await mine.receiveBytes() }
      #expect(!ChildProcess.active.contains { $0 === child })
    }
  }

  @Test("a cancelled join leaves the child alone")
  func cancelledJoin() async throws {
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(Linger(theirs), program: program())
    let joining = Task { try await child.join() }
    try await eventually("it waits") { child.waiterCount == 1 }
    joining.cancel()
    await #expect(throws: WaitError.cancelled) { try await joining.value }
    #expect(child.isAlive)
    child.kill()
    try await child.join()
    mine.close()
  }

  @Test(
    "a child knows who it is, and has its own line, its streams and what was sent, and no other descriptor",
    arguments: executingMethods)
  func identity(method: StartMethod) async throws {
    // One that exec would not close.
    let leaking = open("/dev/zero", O_RDONLY)
    defer { close(leaking) }
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(
      Describe(theirs), name: "описание", isDaemon: true, method: method, program: program())
    let answer = try await mine.receive(Describe.Answer.self)
    #expect(answer.name == "описание" && answer.processID == child.processID)
    #expect(answer.parentProcessID == getpid() && answer.isDaemon && answer.method == method)
    #expect(!answer.environmentHasRole)
    // The event with which a thread of its own can be woken does not count.
    let others = answer.descriptors.filter { Int($0.prefix { $0 != " " })! > 2 && !$0.contains("eventfd") }
    #expect(others.count == 2 && others.allSatisfy { $0.contains("socket:") }, "\(others)")
    try await child.join()
  }

  @Test("a connection carries many messages of a child that has ended meanwhile", arguments: executingMethods)
  func flood(method: StartMethod) async throws {
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(Flood(theirs, count: 500), method: method, program: program())
    theirs.close()
    for number in 0..<500 { #expect(try await mine.receive([Int].self) == [number, number * 2]) }
    await #expect(throws: ConnectionError.ended) { try await mine.receiveBytes() }
    let childExit = try await child.join()
    #expect(childExit == .exited(0))
  }

  @Test("an echo comes back, of a thread's and of a task's messages")
  func echo() async throws {
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(Echo(theirs), program: program())
    theirs.close()
    for count in [0, 1000, 3_000_000] {
      let bytes = Data((0..<count).map { UInt8(truncatingIfNeeded: $0) })
      async let sent: Void = mine.sendBytes(bytes)
      #expect(try await mine.receiveBytes() == bytes)
      try await sent
    }
    mine.close()
    let childExit = try await child.join()
    #expect(childExit == .exited(0))
  }

  @Test("half a message of a child that was killed is told from the end")
  func halfMessage() async throws {
    let mark: [UInt8] = [0x53, 0x4B, 0x4E, 0x31, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1]
    var ends: [Int32] = [0, 0]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
    let mine = Connection(OwnedDescriptor(owning: ends[0]))
    let child = try ChildProcess.start(
      HalfMessage(OwnedDescriptor(owning: ends[1]), mark), program: program())
    await #expect(throws: ConnectionError.truncated(received: 1, expected: 9)) {
      try await mine.receiveBytes()
    }
    let childExit = try await child.join()
    #expect(childExit == .signalled(SIGKILL))
  }

  @Test("grandchildren end with their parent")
  func grandchildren() async throws {
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(Grandchild(theirs), program: program())
    theirs.close()
    let grandchild = try await mine.receive(Int32.self)
    #expect(exists(grandchild))
    child.kill()
    let childExit = try await child.join()
    #expect(childExit == .signalled(SIGKILL))
    try await eventually("the grandchild has ended") { !exists(grandchild) || isZombie(grandchild) }
  }
}

/// Whether a process has ended, and its parent has not asked how.
func isZombie(_ process: Int32) -> Bool { status(of: process) == "Z" }

private func status(of process: Int32) -> Character? {
  guard let file = fopen("/proc/\(process)/stat", "r") else { return nil }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 512)
  guard fgets(&line, 512, file) != nil else { return nil }
  let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  return text[text.lastIndex(of: ")")!...].dropFirst(2).first
}

@Suite("ChildProcess: refusals")
struct ChildRefusalTests {
  private struct Unknown: RemoteFunction {
    static let name = "unknown"
    func run() -> Int { 0 }
  }

  @Test("a program that has not called Skein.main has no children")
  func unprepared() throws {
    #expect(throws: ProcessError.notPrepared) { try ChildProcess.start(Succeed()) }
  }

  @Test("a function that is not registered is refused at once")
  func unregistered() throws {
    let names = try ProcessFunctions.registry.names
    #expect(throws: ProcessError.notRegistered(function: "unknown", known: names)) {
      try ChildProcess.start(Unknown(), program: program())
    }
  }

  @Test("an executable that is not there, or is none", arguments: executingMethods)
  func missing(method: StartMethod) throws {
    for (path, number) in [("/nowhere/at/all", ENOENT), ("/etc/passwd", EACCES)] {
      let program = ChildProgram(executable: path, functions: try ProcessFunctions.registry)
      #expect(throws: ProcessError.cannotStart(executable: path, number)) {
        try ChildProcess.start(Succeed(), method: method, program: program)
      }
    }
  }

  @Test("an executable that does not become a child is told from one that does its work")
  func noChild() async throws {
    let program = ChildProgram(executable: "/bin/true", functions: try ProcessFunctions.registry)
    let child = try ChildProcess.start(Succeed(), method: .spawn, program: program)
    let childExit = try await child.join()
    #expect(childExit == .exited(0))
    #expect(child.failure as? ProcessError == .noChild(executable: "/bin/true"))
    #expect(throws: ProcessError.noChild(executable: "/bin/true")) {
      try ChildProcess.start(Succeed(), method: .forkServer, program: program)
    }
  }

  @Test("a child that knows other functions refuses to work", arguments: executingMethods)
  func otherFunctions(method: StartMethod) async throws {
    let program = ChildProgram(executable: fixture.path, functions: try FunctionRegistry([Succeed.self]))
    let child = try ChildProcess.start(Succeed(), method: method, program: program)
    let childExit = try await child.join()
    #expect(childExit == .exited(78))
    guard case .refused(let reason) = child.failure as? ProcessError else {
      Issue.record("\(String(describing: child.failure))")
      return
    }
    #expect(reason.contains("other functions"))
  }

  @Test("an input with more open files than can travel is refused, and no child stays")
  func tooManyFiles() throws {
    let files = (0..<251).map { _ in OwnedDescriptor(owning: open("/dev/null", O_RDONLY | O_CLOEXEC)) }
    #expect(throws: ConnectionError.self) { try ChildProcess.start(ReturnFiles(files), program: program()) }
  }

  @Test("two functions of one name are refused")
  func names() {
    #expect(throws: (any Error).self) { try FunctionRegistry([Succeed.self, Succeed.self]) }
  }
}

@Suite("ChildProcess: the end of the parent", .timeLimit(.minutes(3)))
struct ParentEndTests {
  @Test("children of a parent that is killed end", arguments: executingMethods)
  func killed(method: StartMethod) async throws {
    let result = try await fixture.run(["killed", method.rawValue])
    #expect(result.ending == .signal(SIGKILL))
    let child = try #require(Int32(result.lines.first ?? ""))
    try await eventually("the child has ended") { !exists(child) || isZombie(child) }
  }

  @Test("a daemon is ended with its parent", arguments: executingMethods)
  func daemon(method: StartMethod) async throws {
    let result = try await fixture.run(["daemon", method.rawValue])
    #expect(result.ending == .exit(code: 0))
    let child = try #require(Int32(result.lines.first ?? ""))
    try await eventually("the child has ended") { !exists(child) || isZombie(child) }
  }

  @Test("a daemon that minds no signal does not keep its parent from ending")
  func stubbornDaemon() async throws {
    let result = try await fixture.run(["stubborn"])
    #expect(result.ending == .exit(code: 0))
    let child = try #require(Int32(result.lines.first ?? ""))
    try await eventually("the child has ended") { !exists(child) || isZombie(child) }
  }

  @Test("a child that is no daemon is waited for", arguments: executingMethods)
  func waits(method: StartMethod) async throws {
    let result = try await fixture.run(["waits", method.rawValue])
    #expect(result.ending == .exit(code: 0))
  }

  @Test("when the fork server is killed, its children live on, and another one takes its place")
  func serverDeath() async throws {
    let result = try await fixture.run(["server"])
    #expect(result.lines == ["exited with code 0", "true", "ended, nobody knows how"], "\(result)")
  }

  @Test("a fork has its own line and streams alone, and knows who it is")
  func fork() async throws {
    let result = try await fixture.run(["fork"])
    #expect(result.lines == ["forked true true exited with code 0", "2"], "\(result)")
  }

  @Test("a fork is refused once other threads are at work")
  func lateFork() async throws {
    let result = try await fixture.run(["late"])
    #expect(result.output.contains("can not be forked"), "\(result)")
  }
}
