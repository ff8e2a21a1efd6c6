internal import Glibc

/// Why a process can not be inspected, or does not let itself be.
package struct InspectError: Error, Equatable, CustomStringConvertible {
  package enum Code: Sendable {
    /// The directory of the sockets is not safe to use.
    case unsafeDirectory
    /// The system refused something.
    case systemError
    /// There is no such process.
    case noSuchProcess
    /// The process belongs to somebody else.
    case notAllowed
    /// The process has no diagnosis that could be asked.
    case notInspectable
    /// The process did not answer in time, or not to the end.
    case noAnswer
  }

  package var code: Code
  /// What happened, and what to do.
  package var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// A process that lets itself be asked and says nothing.
  static func noAnswer(from process: Int32) -> InspectError {
    InspectError(.noAnswer, "process \(process) does not answer; is it stopped?")
  }

  /// What the system refused, with its reason.
  static func system(_ what: String, _ number: Int32) -> InspectError {
    InspectError(.systemError, "\(what): \(String(cString: strerror(number)))")
  }

  package var description: String { message }
}

/// In which form a graph is asked for.
package enum InspectForm: String, CaseIterable, Sendable {
  case text, dot, json

  /// The graph in this form; always ends with a line's end, so that one which broke off is noticed.
  func text(of graph: WaitGraph) -> String {
    switch self {
    case .text: graph.description
    case .dot: graph.graphviz
    case .json: graph.json + "\n"
    }
  }
}
