import Glibc

/// The Python that behaviour is compared with, where one is installed.
package enum CPython {
  package static let path = ["/usr/bin/python3", "/usr/local/bin/python3"].first { (path: String) in
    access(path, X_OK) == 0
  }

  package struct Failure: Error {
    package let ending: Program.Ending
    package let errors: String
  }

  /// Runs a program with lines on its standard input, and returns the lines that it writes.
  package static func run(_ program: String, input: [String] = []) async throws -> [String] {
    var interpreter = Program(path: path!)
    interpreter.takesSignals = true
    let result = try await interpreter.run(
      ["-I", "-c", program], input: input.joined(separator: "\n"))
    guard result.ending == .exit(code: 0) else {
      throw Failure(ending: result.ending, errors: result.errors)
    }
    return result.lines
  }
}
