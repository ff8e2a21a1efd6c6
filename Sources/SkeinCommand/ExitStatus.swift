internal import SkeinJobForms
internal import SkeinJobs

/// The exit codes, all of them; `advise`, `wait` and `submit --wait` also pass on the code of a command.
enum ExitStatus: Int32, CaseIterable {
  case success = 0
  case jobFailed = 1
  case systemError = 2
  case notFound = 3
  case timedOut = 4
  case usage = 64
  case interrupted = 130

  /// What it means.
  var meaning: String {
    switch self {
    case .success: "all went well"
    case .jobFailed: "a job failed, or is in no state that allows what was asked"
    case .systemError: "the queue can not be used, or the system refuses something"
    case .notFound: "there is no such job, worker, schedule, limit or process"
    case .timedOut: "waiting took longer than --timeout; the job goes on"
    case .usage: "wrong arguments or input; nothing was done"
    case .interrupted: "interrupted"
    }
  }

  /// The code for an error of the queue's.
  init(_ code: JobQueueError.Code) {
    switch code {
    case .jobNotFound: self = .notFound
    case .timedOut: self = .timedOut
    case .invalidInput, .unknownJob: self = .usage
    case .wrongState, .duplicate, .jobFailed, .jobCancelled, .jobExpired: self = .jobFailed
    default: self = .systemError
    }
  }

  /// All of them with their meanings.
  static var rows: [(String, String)] {
    let rows = allCases.map { ("\($0.rawValue)", $0.meaning) }
    return rows + [("other", "'advise', 'wait' and 'submit --wait': a command's own, or 128 + signal")]
  }

  /// All of them, for the help.
  static var table: String {
    rows.map { "  \(Text.padded($0, to: 7))\($1)" }.joined(separator: "\n")
  }
}

/// Why a verb ends without having done what was asked: what happened, and what to do.
struct CommandFailure: Error, CustomStringConvertible {
  var status: ExitStatus
  var message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  var description: String { message }

  /// Something in the arguments or in the input is wrong.
  static func usage(_ message: String) -> CommandFailure { CommandFailure(.usage, message) }
}
