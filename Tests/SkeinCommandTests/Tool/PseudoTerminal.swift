import Foundation
import SkeinSync
import Subprocess
import SystemPackage

/// A terminal that nobody looks at: what a program writes to it is kept, and keys are typed from here.
final class PseudoTerminal: Sendable {
  private let controller: Int32
  /// The path of the end that belongs to the program.
  let path: String
  private let written = Lock(Data(), name: "terminal output")

  init(width: UInt16, height: UInt16) throws {
    // <asm-generic/ioctls.h>; man 4 ptmx.
    let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    controller = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (isLocked, index): (Int32, UInt32) = (0, 0)
    guard controller >= 0, ioctl(controller, unlock, &isLocked) == 0, ioctl(controller, number, &index) == 0
    else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    path = "/dev/pts/\(index)"
    resize(width: width, height: height)
  }

  deinit { close(controller) }

  /// All that was written so far, less the carriage returns.
  var output: String {
    String(decoding: written.withLock { $0 }.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
  }

  /// The lines of the picture that was drawn last.
  var picture: [String] {
    let pictures = output.components(separatedBy: "\u{1b}[H").dropFirst()
    let last = pictures.last.map { $0.components(separatedBy: "\n") } ?? []
    return last.map { $0.replacing(/\u{1b}\[[0-9;?]*[A-Za-z]/, with: "") }
  }

  /// How it treats input and output (man 3 termios), as bytes that can be compared.
  var modes: [UInt8] {
    var modes = termios()
    tcgetattr(controller, &modes)
    return withUnsafeBytes(of: &modes) { Array($0) }
  }

  /// Types.
  func type(_ keys: String) { _ = keys.withCString { write(controller, $0, strlen($0)) } }

  /// Changes the size, which the program is told of.
  func resize(width: UInt16, height: UInt16) {
    var size = winsize(ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(controller, UInt(TIOCSWINSZ), &size)
  }

  /// Reads until the program has closed its end.
  func startReading() {
    Thread.detachNewThread { [self] in
      var bytes = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(controller, &bytes, bytes.count)
        guard count > 0 || errno == EINTR else { return }
        written.withLock { [bytes] in $0.append(contentsOf: bytes.prefix(max(0, count))) }
      }
    }
  }
}

extension SkeinProgram {
  /// Runs a verb in a session of its own at a terminal.
  ///
  /// - Parameter body: gets the program's process; it has to see to its end.
  /// - Returns: the exit code.
  func run(
    _ arguments: [String], at terminal: PseudoTerminal, variables: [Environment.Key: String?] = [:],
    body: (Int32) async throws -> Void
  ) async throws -> Int32 {
    // Not as this process' own terminal.
    let end = FileDescriptor(rawValue: open(terminal.path, O_RDWR | O_NOCTTY | O_CLOEXEC))
    terminal.startReading()
    let result = try await Subprocess.run(
      .name("setsid"), arguments: Arguments(["--ctty", Self.path] + arguments),
      environment: environment.updating(["TERM": "xterm"]).updating(variables),
      input: .fileDescriptor(end, closeAfterSpawningProcess: false),
      output: .fileDescriptor(end, closeAfterSpawningProcess: false),
      error: .fileDescriptor(end, closeAfterSpawningProcess: true)
    ) { execution in
      do {
        try await body(execution.processIdentifier.value)
      } catch {
        try? execution.send(signal: .kill)
        throw error
      }
    }
    return Self.code(result.terminationStatus)
  }
}
