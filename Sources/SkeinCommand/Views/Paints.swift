internal import SkeinJobs

extension JobState {
  /// The colour that says it.
  var paint: Paint? {
    switch self {
    case .succeeded: .green
    case .failed, .expired: .red
    case .running: .yellow
    case .scheduled, .waiting: .cyan
    case .cancelled: .faint
    case .ready: nil
    }
  }
}

extension AttemptRecord.Outcome {
  /// The colour that says it.
  var paint: Paint? {
    switch self {
    case .succeeded: .green
    case .failed, .timedOut, .crashed: .red
    case .running: .yellow
    case .cancelled, .handedBack: .faint
    }
  }
}
