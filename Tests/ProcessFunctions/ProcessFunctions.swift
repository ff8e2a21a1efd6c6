import Glibc
public import SkeinProcesses
import SkeinSync
public import SkeinTesting
package import SkeinWork

/// What the children of tests do: both the tests and the fixture, which is the children's program, know it.
package enum ProcessFunctions {
  package static let all: [any RemoteFunction.Type] = [
    Succeed.self, Fail.self, End.self, Trap.self, Overflow.self, Linger.self, Echo.self, Describe.self,
    Flood.self,
    HalfMessage.self, Grandchild.self, Square.self, WhoAmI.self, Spin.self, CrashUntil.self, Remember.self,
    Recall.self, Allocate.self, Meet.self, SquareOrFail.self, AddToShared.self, HoldShared.self,
    ReturnFiles.self, ReturnManyFiles.self, PutNumbers.self, MoveNumbers.self,
    PoolExerciseStep.self, SquareSlowly.self, MakeBytes.self, UseManaged.self, HoldManaged.self,
    WaitManaged.self, MisuseManaged.self,
  ]

  package static var registry: FunctionRegistry { get throws { try FunctionRegistry(all) } }
}

package struct Succeed: RemoteFunction {
  package static let name = "succeed"
  package init() {}
  package func run() -> Nothing { Nothing() }
}

package struct Failure: Error {
  package let number: Int
}

package struct Fail: RemoteFunction {
  package static let name = "fail"
  var number: Int
  package init(_ number: Int) { self.number = number }
  package func run() throws -> Nothing { throw Failure(number: number) }
}

/// Ends its process by itself.
package struct End: RemoteFunction {
  package static let name = "end"
  var code: Int32
  package init(_ code: Int32) { self.code = code }
  package func run() -> Nothing { exit(code) }
}

package struct Trap: RemoteFunction {
  package static let name = "trap"
  package init() {}
  package func run() -> Nothing {
    // What it says is there in release as well, where that of an index is not.
    fatalError("Index out of range")
  }
}

/// A recursion without end.
package struct Overflow: RemoteFunction {
  package static let name = "overflow"
  package init() {}
  package func run() -> Nothing {
    print(Self.depth(Int(getpid())))
    return Nothing()
  }
  private static func depth(_ number: Int) -> Int { number < 0 ? 0 : depth(number + 1) &+ depth(number + 2) }
}

/// Stays, until its connection ends.
package struct Linger: RemoteFunction {
  package static let name = "linger"
  var connection: Connection
  /// Whether it minds SIGTERM.
  var isStubborn: Bool
  package init(_ connection: Connection, isStubborn: Bool = false) {
    self.connection = connection
    self.isStubborn = isStubborn
  }
  package func run() throws -> Nothing {
    if isStubborn { signal(SIGTERM, SIG_IGN) }
    try connection.send("here")
    while true { _ = try connection.receiveBytes() }
  }
}

/// Sends back what it gets, until the connection ends.
package struct Echo: RemoteFunction {
  package static let name = "echo"
  var connection: Connection
  package init(_ connection: Connection) { self.connection = connection }
  package func run() throws -> Nothing {
    do {
      while true { try connection.sendBytes(try connection.receiveBytes()) }
    } catch ConnectionError.ended { return Nothing() }
  }
}

/// Tells who it is.
package struct Describe: RemoteFunction {
  package static let name = "describe"
  var connection: Connection
  package init(_ connection: Connection) { self.connection = connection }

  package struct Answer: Codable, Sendable {
    package var name: String
    package var processID: Int32
    package var parentProcessID: Int32
    package var isDaemon: Bool
    package var method: StartMethod?
    /// Where its descriptors lead, of those that it has not opened itself.
    package var descriptors: [String]
    package var environmentHasRole: Bool
  }

  package func run() throws -> Nothing {
    let current = CurrentProcess.current
    try connection.send(
      Answer(
        name: current.name, processID: current.processID, parentProcessID: current.parentProcessID,
        isDaemon: current.isDaemon, method: current.startMethod, descriptors: Self.descriptors(),
        environmentHasRole: getenv("SKEIN_PROCESS_ROLE") != nil))
    return Nothing()
  }

  private static func descriptors() -> [String] {
    (0..<256).compactMap { number in
      var path = [CChar](repeating: 0, count: 512)
      guard readlink("/proc/self/fd/\(number)", &path, 511) > 0 else { return nil }
      let text = path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      return "\(number) \(text)"
    }
  }
}

/// Sends many messages and ends.
package struct Flood: RemoteFunction {
  package static let name = "flood"
  var connection: Connection
  var count: Int
  package init(_ connection: Connection, count: Int) {
    self.connection = connection
    self.count = count
  }
  package func run() throws -> Nothing {
    for number in 0..<count { try connection.send([number, number * 2]) }
    return Nothing()
  }
}

/// Ends in the middle of a message, or sends what is none.
package struct HalfMessage: RemoteFunction {
  package static let name = "half"
  var socket: OwnedDescriptor
  var bytes: [UInt8]
  package init(_ socket: OwnedDescriptor, _ bytes: [UInt8]) {
    self.socket = socket
    self.bytes = bytes
  }
  package func run() -> Nothing {
    _ = write(socket.rawValue, bytes, bytes.count)
    kill(getpid(), SIGKILL)
    return Nothing()
  }
}

/// Has a child of its own, tells its id, and stays until its connection ends.
package struct Grandchild: RemoteFunction {
  package static let name = "grandchild"
  var connection: Connection
  package init(_ connection: Connection) { self.connection = connection }
  package func run() throws -> Nothing {
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(Linger(theirs))
    _ = try mine.receive(String.self)
    try connection.send(child.processID)
    while true { _ = try connection.receiveBytes() }
  }
}

extension PoolExerciseStep: RemoteFunction {
  /// What it is registered as.
  public static let name = "pool-exercise-step"
}
