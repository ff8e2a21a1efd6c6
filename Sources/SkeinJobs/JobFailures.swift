internal import SkeinResilience

/// The stored input does not fit the job's type: repeating it does not help.
struct UndecodableInput: PermanentError, CustomStringConvertible {
  var message: String
  var description: String { message }
}

/// The job ran, but its result has no stored form: repeating it does not help.
struct UnencodableResult: PermanentError, CustomStringConvertible {
  var message: String
  var description: String { message }
}

/// An attempt took longer than its limit.
struct TimeLimitExceeded: Error, CustomStringConvertible {
  var limit: Duration
  var isHard: Bool

  var description: String {
    isHard
      ? "the attempt took longer than its hard time limit of \(limit)"
      : "the attempt took longer than its soft time limit of \(limit)"
  }
}

/// An error that carries the exit code of a program.
///
/// An attempt that throws one keeps the code with the attempt.
public protocol ExitCodeError: Error {
  /// The exit code; negative for the number of a signal.
  var exitCode: Int32 { get }
}
