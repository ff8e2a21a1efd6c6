internal import FoundationEssentials

/// In which order jobs are listed.
///
/// Jobs that have no value for the key, such as the end of one that runs, come last either way round. Those with
/// equal values come in the order of their numbers: the latest first, or the other way round.
public struct JobOrder: Hashable, Sendable {
  /// What decides.
  public enum Key: String, Hashable, Sendable, CaseIterable {
    /// The place in the order of coming: the latest first.
    case number
    /// When it was enqueued: the latest first.
    case enqueued
    /// When its last attempt was taken up: the latest first.
    case started
    /// When its life ended: the latest first.
    case ended
    /// How long its last attempt took, from its start to the job's end: the longest first.
    case ran
    /// The priority: the most urgent first.
    case priority
    /// The number of its attempts: the most first.
    case attempts
    /// Its name, byte by byte.
    case name
    /// Its queue, byte by byte.
    case queue
    /// Its state, in the usual course of a life.
    case state
  }

  /// What decides.
  public var key: Key
  /// Whether it is the other way round.
  public var isReversed: Bool

  /// Creates an order; the default is the latest first.
  public init(_ key: Key = .number, isReversed: Bool = false) {
    self.key = key
    self.isReversed = isReversed
  }
}

extension JobOrder.Key {
  /// Whether what is larger comes first: all but what people read from its beginning.
  var isDescending: Bool {
    switch self {
    case .number, .enqueued, .started, .ended, .ran, .priority, .attempts: true
    case .name, .queue, .state: false
    }
  }
}

extension JobOrder {
  /// Whether one job comes before another.
  func places(_ left: JobRecord, before right: JobRecord) -> Bool {
    switch (key.value(of: left), key.value(of: right)) {
    case (let first?, let second?) where first != second:
      return (second < first) == (key.isDescending != isReversed)
    case (nil, _?): return false
    case (_?, nil): return true
    default: return (right.sequence < left.sequence) != isReversed
    }
  }
}

extension JobOrder.Key {
  /// What is compared.
  fileprivate enum Value: Comparable {
    case number(Double)
    case text(String)

    static func < (left: Value, right: Value) -> Bool {
      switch (left, right) {
      case (.number(let first), .number(let second)): first < second
      case (.text(let first), .text(let second)): first.utf8.lexicographicallyPrecedes(second.utf8)
      // Two values of one key are of one kind.
      case (.number, .text), (.text, .number): false
      }
    }
  }

  fileprivate func value(of job: JobRecord) -> Value? {
    switch self {
    case .number: .number(Double(job.sequence))
    case .enqueued: .number(job.enqueuedAt.timeIntervalSince1970)
    case .started: job.startedAt.map { .number($0.timeIntervalSince1970) }
    case .ended: job.finishedAt.map { .number($0.timeIntervalSince1970) }
    case .ran:
      job.startedAt.flatMap { start in job.finishedAt.map { .number($0.timeIntervalSince(start)) } }
    case .priority: .number(Double(job.priority))
    case .attempts: .number(Double(job.life.attempts))
    case .name: .text(job.kind.name)
    case .queue: .text(job.queue)
    case .state: .number(Double(job.state.rawValue))
    }
  }
}
