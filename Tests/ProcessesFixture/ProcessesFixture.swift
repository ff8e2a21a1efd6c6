import Glibc
import ProcessFunctions
import SkeinProcesses
import SkeinSync

/// The program of the children in tests; by its arguments, a parent as well.
@main
struct ProcessesFixture {
  static func main() async throws {
    try await Skein.main(ProcessFunctions.all) { try await perform(Array(CommandLine.arguments.dropFirst())) }
  }

  private static func perform(_ arguments: [String]) async throws {
    let method = arguments.dropFirst().first.flatMap(StartMethod.init) ?? .standard
    switch arguments.first {
    case "killed":
      // Children of a parent that is killed.
      let child = try await lingering(method, isDaemon: false)
      print(child.processID)
      fflush(nil)
      kill(getpid(), SIGKILL)
    case "daemon":
      // The end of the program ends its daemon.
      let child = try await lingering(method, isDaemon: true)
      print(child.processID)
    case "stubborn":
      // One that minds no signal.
      let (mine, theirs) = try Connection.makePair()
      let child = try ChildProcess.start(Linger(theirs, isStubborn: true), isDaemon: true)
      _ = try await mine.receive(String.self)
      kept.withLock { $0.append(mine) }
      print(child.processID)
    case "waits":
      // The end of the program waits for its child.
      let child = try ChildProcess.start(Succeed(), method: method)
      print(child.processID)
    case "late":
      let isReady = Event()
      startThread(isReady)
      try await isReady.wait()
      do { _ = try ChildProcess.start(Succeed(), method: .fork) } catch { print(error) }
    case "fork":
      let (mine, theirs) = try Connection.makePair()
      let child = try ChildProcess.start(Describe(theirs), name: "forked", method: .fork)
      let answer = try await mine.receive(Describe.Answer.self)
      let exit = try await child.join()
      print(answer.name, answer.parentProcessID == getpid(), answer.method == .fork, exit)
      print(answer.descriptors.filter { $0.contains("socket:") && $0.first! > "2" }.count)
    case "server":
      let (mine, theirs) = try Connection.makePair()
      let child = try ChildProcess.start(Linger(theirs), method: .forkServer)
      _ = try await mine.receive(String.self)
      if let server = parent(of: child.processID), server != getpid() { kill(server, SIGKILL) }
      print(try await ChildProcess.start(Succeed(), method: .forkServer).join())
      print(child.isAlive)
      mine.close()
      print(try await child.join())
    case let other:
      print("no part '\(other ?? "")'")
      exit(64)
    }
  }

  private static func lingering(_ method: StartMethod, isDaemon: Bool) async throws -> ChildProcess {
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(Linger(theirs), isDaemon: isDaemon, method: method)
    _ = try await mine.receive(String.self)
    kept.withLock { $0.append(mine) }
    return child
  }

  private static func parent(of process: Int32) -> Int32? {
    guard let file = fopen("/proc/\(process)/stat", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    guard fgets(&line, 512, file) != nil else { return nil }
    let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    return Int32(text[text.lastIndex(of: ")")!...].split(separator: " ")[2])
  }

  private static let kept = Lock<[Connection]>([])

  private static func startThread(_ isReady: Event) {
    var thread = pthread_t()
    let pointer = Unmanaged.passRetained(isReady).toOpaque()
    pthread_create(
      &thread, nil,
      { pointer in
        Unmanaged<Event>.fromOpaque(pointer!).takeRetainedValue().set()
        while true { pause() }
      }, pointer)
  }
}
