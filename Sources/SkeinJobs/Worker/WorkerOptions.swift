internal import Foundation

/// How a worker works.
public struct WorkerOptions: Sendable {
  /// A queue and its share of a worker's attention.
  public struct QueueShare: Hashable, Sendable {
    /// The queue's name.
    public var name: String
    /// How often it is asked first, against the weights of the others; at least 1.
    public var weight: Int

    /// Creates a share.
    public init(_ name: String, weight: Int = 1) {
      self.name = name
      self.weight = weight
    }
  }

  /// How many jobs run at once; by default as many as the machine has processors.
  public var concurrency = ProcessInfo.processInfo.activeProcessorCount
  /// The queues to serve; empty means all, in turn.
  public var queues: [QueueShare] = []
  /// How many jobs may have ended without their end being on disk yet: so many may be repeated when the worker is
  /// killed. A job that asks for exact acknowledgement is never among them.
  public var unackedLimit = 64
  /// Where the code of jobs runs: in the worker's process, unless told.
  public var isolation = JobIsolation.none
  /// How long finished jobs are kept that do not say so themselves.
  public var retention = RetentionPolicy()
  /// The worker's name, for people; by default host and process number.
  public var name = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"

  /// Gives what the backoff of an attempt's retry draws from.
  package var randomness: @Sendable (ClaimedJob) -> any RandomNumberGenerator = { _ in
    SystemRandomNumberGenerator()
  }
  /// Whether what isolated jobs write to their standard error goes on to the worker's. Of a job whose process ends it is
  /// in the attempt's log either way.
  package var passesOutputOn = true
  /// Called at each step of an attempt, on the thread that takes the step: for tests that crash or pause there.
  package var onStep: (@Sendable (WorkerStep, ClaimToken) -> Void)?

  /// Creates the defaults.
  public init() {}

  /// Checks all values.
  ///
  /// - Throws: ``JobQueueError`` with code `invalidInput`, which names the value.
  public func validate() throws(JobQueueError) {
    guard (1...10_000).contains(concurrency) else {
      throw .invalidInput("a worker runs 1 to 10000 jobs at once, not \(concurrency)")
    }
    guard unackedLimit >= 1 else {
      throw .invalidInput("the limit of ends that are not stored yet must be at least 1, not \(unackedLimit)")
    }
    try retention.validate()
    if isolation == .process, !JobProcessFunction.isPrepared {
      throw .invalidInput(
        "this program can not run jobs in processes of their own: call Skein.main(jobs:) at the top of its main"
      )
    }
    for queue in queues {
      try JobOptions.check(queueName: queue.name)
      guard (1...1000).contains(queue.weight) else {
        throw .invalidInput("the weight of queue '\(queue.name)' must be 1 to 1000, not \(queue.weight)")
      }
    }
    guard Set(queues.map(\.name)).count == queues.count else {
      throw .invalidInput("a queue is named twice among the worker's queues")
    }
  }
}

extension WorkerDescription {
  /// Describes a worker of this process.
  init(_ options: WorkerOptions, knows: [String: Int]) {
    self.init(
      name: options.name, concurrency: options.concurrency, queues: options.queues.map(\.name), knows: knows,
      processID: Int32(ProcessInfo.processInfo.processIdentifier))
  }
}

/// The steps of an attempt, in their order.
package enum WorkerStep: String, Sendable, CaseIterable {
  /// The job is claimed, and waits for a place.
  case claimed
  /// It has a place, and its start is about to be noted.
  case placed
  /// Its start is noted; the job's code runs next.
  case noted
  /// The job's code has ended.
  case ran
  /// What follows is decided; it is stored next.
  case decided
  /// It is stored.
  case stored
}
