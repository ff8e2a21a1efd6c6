/// What went wrong with a queue: which kind of failure, what happened and what to do, and the error beneath.
public struct JobQueueError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure; more kinds may come.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The code's name.
    public let description: String

    private init(_ description: String) { self.description = description }

    /// A value that the caller gave is not acceptable; nothing was stored.
    public static let invalidInput = Code("invalidInput")
    /// No job has this id.
    public static let jobNotFound = Code("jobNotFound")
    /// Another job has the unique key.
    public static let duplicate = Code("duplicate")
    /// The job's state does not allow what was asked.
    public static let wrongState = Code("wrongState")
    /// No worker and no registry knows a job of this name.
    public static let unknownJob = Code("unknownJob")
    /// The queue's file can not be read or written.
    public static let storeUnavailable = Code("storeUnavailable")
    /// The file is no Skein queue.
    public static let foreignStore = Code("foreignStore")
    /// The file was written by a newer Skein.
    public static let newerStore = Code("newerStore")
    /// The disk is full; nothing of what was asked is stored.
    public static let diskFull = Code("diskFull")
    /// What was written could not be brought to the disk: whether it will be there after a crash of the machine is not
    /// known, nor for anything that is written later. The queue has to be opened anew.
    public static let notSynced = Code("notSynced")
    /// The directory is on a network file system, where kernel locks are not to be trusted.
    public static let networkFileSystem = Code("networkFileSystem")
    /// The queue was closed.
    public static let closed = Code("closed")
    /// Waiting for the result took longer than the caller wanted; the job goes on.
    public static let timedOut = Code("timedOut")
    /// A job whose result is asked for has given none.
    public static let noResult = Code("noResult")
    /// The job failed for good.
    public static let jobFailed = Code("jobFailed")
    /// The job was cancelled.
    public static let jobCancelled = Code("jobCancelled")
    /// The job expired before it started.
    public static let jobExpired = Code("jobExpired")
  }

  /// The kind of failure.
  public var code: Code
  /// What happened, and what to do.
  public var message: String
  /// The error beneath, if there is one.
  public var cause: (any Error)?

  /// Creates an error.
  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// The message.
  public var description: String { message }

  static func noMember(_ worker: WorkerID) -> JobQueueError {
    JobQueueError(
      .wrongState,
      "worker \(worker) was taken for dead, or evicted, and its jobs were given to others; start it again")
  }

  package static func invalidInput(_ message: String) -> JobQueueError {
    JobQueueError(.invalidInput, message)
  }
}
