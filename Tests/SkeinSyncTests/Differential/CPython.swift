import Foundation
import SkeinTesting

/// The Python that behaviour is compared with, where one is installed.
enum CPython {
  static let path = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  struct Failure: Error {
    let status: Int32
    let errors: String
  }

  /// Runs a program with lines on its standard input, and returns the lines that it writes.
  static func run(_ program: String, input: [String] = []) async throws -> [String] {
    try await onThread {
      let process = Process()
      process.executableURL = URL(filePath: path!)
      process.arguments = ["-I", "-c", program]
      let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
      // Else a process of another test may hold an end open, and so keep both sides waiting.
      for pipe in [standardInput, output, errors] {
        for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
          _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
      }
      process.standardInput = standardInput
      process.standardOutput = output
      process.standardError = errors
      try process.run()
      // The programs read everything before they write, and write less than a pipe holds.
      try standardInput.fileHandleForWriting.write(contentsOf: Data(input.joined(separator: "\n").utf8))
      try standardInput.fileHandleForWriting.close()
      let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      let complaints = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        throw Failure(status: process.terminationStatus, errors: complaints)
      }
      return text.split(separator: "\n").map(String.init)
    }
  }
}
