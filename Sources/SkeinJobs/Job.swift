public import SkeinWork

/// Work for the durable queue: its stored properties are the input, which the queue keeps as JSON.
///
/// A job may run more than once: a worker may die during an attempt, or after it and before its end was stored. Write
/// `run(in:)` so that a repetition does no harm.
///
/// ```swift
/// struct Resize: Job {
///   static let name = "image.resize"
///   var path: String
///
///   func run(in context: JobContext) async throws -> Int {
///     try await resize(path)
///   }
/// }
/// ```
public protocol Job: RemoteWork {
  /// The result; inferred from ``run(in:)``, for which it is named here once more.
  associatedtype Output = Nothing

  /// How this job is queued and run, unless the enqueue says otherwise.
  var options: JobOptions { get }

  /// Whether the job's code blocks its thread for longer than a moment: reads large files, waits in a C library,
  /// computes without a pause. It then runs on threads that the worker keeps for such jobs, one for each that runs at
  /// once, up to 64; otherwise it would hold up the worker, which renews its lease meanwhile, and all other jobs.
  ///
  /// The hop costs some 20 µs. False unless the type says otherwise.
  static var blocks: Bool { get }

  /// Whether a worker that isolates jobs (``JobIsolation/process``) runs this one's code in a process of its own. True unless
  /// the type says otherwise: one that only starts a program does that from the worker.
  static var isIsolated: Bool { get }

  /// Does the work of one attempt.
  ///
  /// Whatever it throws fails the attempt; the retry policy of the job decides what follows. An error that conforms to
  /// `PermanentError` is not repeated.
  ///
  /// - Parameter context: tells about the attempt, and takes its log and progress.
  /// - Returns: the result, which is stored.
  /// - Cancellation: the task is cancelled at the soft time limit, when somebody cancels the job, and when the worker
  ///   must stop at once. The job should then clean up and throw.
  func run(in context: JobContext) async throws -> Output
}

extension Job {
  /// Its code does not block its thread.
  public static var blocks: Bool { false }

  /// It is isolated where jobs are.
  public static var isIsolated: Bool { true }

  /// The defaults: queue `default`, priority 5, one attempt, no limits.
  public var options: JobOptions { JobOptions() }
}
