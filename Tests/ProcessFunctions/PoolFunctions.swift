import Glibc
package import SkeinProcesses
import SkeinSync
package import SkeinWork

package struct Square: RemoteFunction {
  package static let name = "square"
  var number: Int
  package init(_ number: Int) { self.number = number }
  package func run() -> Int { number * number }
}

/// Fails for 5.
package struct SquareOrFail: RemoteFunction {
  package static let name = "square-or-fail"
  var number: Int
  package init(_ number: Int) { self.number = number }
  package func run() throws -> Int {
    if number == 5 { throw Failure(number: number) }
    return number * number
  }
}

package struct WhoAmI: RemoteFunction {
  package static let name = "who"
  package init() {}
  package func run() -> Int32 { getpid() }
}

/// Computes for ever.
package struct Spin: RemoteFunction {
  package static let name = "spin"
  package init() {}
  package func run() -> Int {
    var number = 1
    while number != 0 { number = number &* 3 | 1 }
    return number
  }
}

/// Ends its process the first times that it runs, of which it keeps count in a directory.
package struct CrashUntil: RemoteFunction {
  package static let name = "crash-until"
  package static let isIdempotent = true
  var times: Int
  var directory: String
  package init(_ times: Int, in directory: String) {
    self.times = times
    self.directory = directory
  }
  package func run() -> Int {
    let file = open("\(directory)/runs-\(times)", O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
    _ = write(file, "x", 1)
    let runs = Int(lseek(file, 0, SEEK_END))
    if runs <= times { kill(getpid(), SIGKILL) }
    return runs
  }
}

private let remembered = Lock("")

package struct Remember: RemoteFunction {
  package static let name = "remember"
  var text: String
  package init(_ text: String) { self.text = text }
  package func run() -> Nothing {
    remembered.withLock { $0 += text }
    return Nothing()
  }
}

package struct Recall: RemoteFunction {
  package static let name = "recall"
  package init() {}
  package func run() -> String { remembered.withLock { $0 } }
}

/// Takes so many bytes of memory, and writes to them.
package struct Allocate: RemoteFunction {
  package static let name = "allocate"
  var count: Int
  package init(_ count: Int) { self.count = count }
  package func run() -> Int { [UInt8](repeating: 7, count: count).count }
}

/// Tells that it is there, and stays until it is told to go.
package struct Meet: RemoteFunction {
  package static let name = "meet"
  var connection: Connection
  package init(_ connection: Connection) { self.connection = connection }
  package func run() throws -> String {
    try connection.send(getpid())
    return try connection.receive(String.self)
  }
}

/// Has open files as its input.
package struct ReturnFiles: RemoteFunction {
  package static let name = "return-files"
  var files: [OwnedDescriptor]
  package init(_ files: [OwnedDescriptor]) { self.files = files }
  package func run() -> [OwnedDescriptor] { files }
}

/// Opens so many files, and gives them back.
package struct ReturnManyFiles: RemoteFunction {
  package static let name = "return-many-files"
  var count: Int
  package init(_ count: Int) { self.count = count }
  package func run() -> [OwnedDescriptor] {
    (0..<count).map { _ in OwnedDescriptor(owning: open("/dev/null", O_RDONLY | O_CLOEXEC)) }
  }
}

/// Takes a while, and may be done again.
package struct SquareSlowly: RemoteFunction {
  package static let name = "square-slowly"
  package static let isIdempotent = true
  var number: Int
  package init(_ number: Int) { self.number = number }
  package func run() -> Int {
    usleep(2000)
    return number * number
  }
}

/// Gives so many bytes back.
package struct MakeBytes: RemoteFunction {
  package static let name = "make-bytes"
  var count: Int
  package init(_ count: Int) { self.count = count }
  package func run() -> [UInt8] { [UInt8](repeating: 7, count: count) }
}
