internal import Glibc
public import SkeinFutures

/// What `exerciseWorkerPool` has pools do. It holds nothing of the process that submits it: what it is to wait for, and
/// what it tells, are files.
public enum PoolExerciseStep: PoolWork, Codable, Hashable {
  /// Squares a number.
  case square(Int)
  /// Throws an error.
  case failing
  /// Tells in the directory that it is there, and waits until it may go.
  case gated(String)
  /// Appends the number to the file.
  case logged(Int, String)

  /// Does it.
  public func run() throws -> Int {
    switch self {
    case .square(let number): return number * number
    case .failing: throw Marker()
    case .gated(let path):
      try PoolGate.pass(path)
      return 0
    case .logged(let number, let path):
      try AppendedFile.append("\(number)\n", to: path)
      return number
    }
  }
}

/// Holds jobs, of whatever process, and counts them.
final class PoolGate: Sendable {
  /// Where jobs find it.
  let path: String
  private let opening: Int32

  init() throws {
    path = try AppendedFile.makeDirectory()
    guard mkfifo(path + "/gate", 0o600) == 0 else { throw SystemFailure(number: errno) }
    // For reading as well: it is there before any job, and after all of them.
    opening = Glibc.open(path + "/gate", O_RDWR | O_CLOEXEC)
  }

  deinit {
    open()
    close(opening)
    AppendedFile.removeDirectory(path, ["gate", "events"])
  }

  /// How many jobs have come.
  var begun: Int { events.count { $0 == "+" } }

  /// How many were here at the same time, at the most.
  var most: Int {
    var (inside, most) = (0, 0)
    for event in events {
      inside += event == "+" ? 1 : -1
      most = max(most, inside)
    }
    return most
  }

  private var events: String { AppendedFile.text(of: path + "/events") }

  /// Lets all jobs go, those that come later too: each takes one of these bytes.
  func open() {
    let bytes = [UInt8](repeating: 0, count: 1024)
    _ = write(opening, bytes, bytes.count)
  }

  @available(*, noasync)
  static func pass(_ path: String) throws {
    try AppendedFile.append("+", to: path + "/events")
    let gate = Glibc.open(path + "/gate", O_RDONLY | O_CLOEXEC)
    guard gate >= 0 else { throw SystemFailure(number: errno) }
    defer { close(gate) }
    var byte: UInt8 = 0
    while read(gate, &byte, 1) < 0, errno == EINTR {}
    try AppendedFile.append("-", to: path + "/events")
  }
}

/// What was done, by whatever process, in order.
final class PoolLog: Sendable {
  private let directory: String
  /// Where jobs find it.
  var path: String { directory + "/log" }

  init() throws { directory = try AppendedFile.makeDirectory() }

  deinit { AppendedFile.removeDirectory(directory, ["log"]) }

  var numbers: [Int] { AppendedFile.text(of: path).split(separator: "\n").compactMap { Int($0) } }
}

/// The system refused something that the suite needs.
struct SystemFailure: Error, CustomStringConvertible {
  let number: Int32
  var description: String { String(cString: strerror(number)) }
}

/// Files that several processes append to, and their directories.
enum AppendedFile {
  static func append(_ text: String, to path: String) throws {
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw SystemFailure(number: errno) }
    defer { close(file) }
    let bytes = Array(text.utf8)
    // One write each, which the system puts at the end as a whole.
    guard write(file, bytes, bytes.count) == bytes.count else { throw SystemFailure(number: errno) }
  }

  static func text(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var (text, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 14))
    while case let count = read(file, &chunk, chunk.count), count > 0 { text += chunk[..<count] }
    return String(decoding: text, as: UTF8.self)
  }

  static func makeDirectory() throws -> String {
    var path = Array("/tmp/skein-exercise-XXXXXX".utf8CString)
    guard let made = mkdtemp(&path) else { throw SystemFailure(number: errno) }
    return String(cString: made)
  }

  static func removeDirectory(_ path: String, _ files: [String]) {
    for file in files { unlink("\(path)/\(file)") }
    rmdir(path)
  }
}
