/// What kind of work a job is.
public enum Workload: String, Hashable, Sendable, CaseIterable {
  /// It computes: numbers, images, encryption.
  case cpuBound
  /// It waits: for a network, a disk, a database.
  case ioBound
  /// Both.
  case mixed

  /// The kind of a job that waits for a part of its time.
  ///
  /// - Parameter waitShare: from 0 to 1. Up to 0.1 is ``cpuBound``, from 0.9 on ``ioBound``.
  public init(waitShare: Double) {
    self = waitShare <= 0.1 ? .cpuBound : waitShare >= 0.9 ? .ioBound : .mixed
  }
}

extension JobTimes {
  /// What kind of work the job is.
  public var workload: Workload { Workload(waitShare: waitShare) }
}
