internal import FoundationEssentials
internal import SkeinResilience

/// What a worker tells a process that runs jobs.
enum JobProcessRequest: Codable {
  case run(JobProcessCall)
  /// The job's task is to be cancelled.
  case cancel(isRequested: Bool)
}

/// One attempt, as far as its code has to know.
struct JobProcessCall: Codable {
  var id: JobID
  var rootID: JobID
  var attempt: Int
  var queue: String
  var name: String
  /// The job's properties, as JSON.
  var input: Data
  /// The results of others that it has waited for.
  var inputs: [Input]
  var logLevel: String
  /// How long it may take, in seconds.
  var secondsLeft: Double?

  struct Input: Codable {
    var job: JobID
    var result: Data?
  }
}

/// What a process that runs jobs tells its worker.
enum JobProcessNews: Codable {
  /// It can be given a job.
  case ready
  case notes(JobProcessNotes)
  case logged(JobProcessRecord)
  case returned(Data)
  case threw(JobProcessFailure)
}

/// What the attempt has left since it was told last.
struct JobProcessNotes: Codable {
  var log: Data
  var progress: JobProgress?
  var processGroup: Int32?
}

/// A record for the worker's log.
struct JobProcessRecord: Codable {
  var level: String
  var message: String
  var metadata: [String: String]
}

/// An error of a job's code, as far as a worker has to know it.
struct JobProcessFailure: Codable {
  var name: String
  var message: String
  var isPermanent: Bool
  var exitCode: Int32?

  init(_ error: any Error) {
    name = ErrorName.of(error)
    message = String(describing: error)
    isPermanent = ErrorName.isPermanent(error)
    exitCode = (error as? any ExitCodeError)?.exitCode
  }

  /// The error, for the rules of retry.
  var error: any Error {
    if let exitCode { return IsolatedExitError(failure: self, exitCode: exitCode) }
    return IsolatedError(failure: self)
  }
}

/// An error that a job's code threw in another process. It counts as that error: by its name, and whether it is permanent.
struct IsolatedError: PermanentError, ForeignError, CustomStringConvertible {
  let failure: JobProcessFailure
  var errorName: String { failure.name }
  var isPermanent: Bool { failure.isPermanent }
  var description: String { failure.message }
}

/// One that carries the exit code of a program.
struct IsolatedExitError: PermanentError, ForeignError, ExitCodeError, CustomStringConvertible {
  let failure: JobProcessFailure
  let exitCode: Int32
  var errorName: String { failure.name }
  var isPermanent: Bool { failure.isPermanent }
  var description: String { failure.message }
}
