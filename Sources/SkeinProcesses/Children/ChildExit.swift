/// How a process ended.
public enum ChildExit: Hashable, Sendable {
  /// It ended by itself, with this code.
  case exited(Int32)
  /// A signal ended it.
  case signalled(Int32)
  /// It ended, and nobody knows how: the fork server that would know has ended before.
  case unknown

  init(code: Int32) { self = code < 0 ? .signalled(-code) : .exited(code) }

  /// The exit code as CPython has it: the code, or the negative number of the signal; `nil` when it is not known.
  public var code: Int32? {
    switch self {
    case .exited(let code): code
    case .signalled(let signal): -signal
    case .unknown: nil
    }
  }

  /// Whether it ended by itself, with code 0.
  public var isSuccess: Bool { self == .exited(0) }
}

extension ChildExit: CustomStringConvertible {
  /// For people.
  public var description: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    case .unknown: "ended, nobody knows how"
    }
  }
}
