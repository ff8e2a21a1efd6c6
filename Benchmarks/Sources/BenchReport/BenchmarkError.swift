internal import Foundation

/// A benchmark that could not be carried out.
package struct BenchmarkError: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// Tells how far it is, on standard error.
package func say(_ message: String) { FileHandle.standardError.write(Data("bench: \(message)\n".utf8)) }
