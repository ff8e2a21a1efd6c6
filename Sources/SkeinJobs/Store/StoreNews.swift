/// What sleepers must be told once a change is made.
struct StoreNews: Sendable {
  /// There may be jobs to take.
  var hasWork = false
  /// Somebody asked for the end of a running job.
  var hasControl = false
  /// Some job has changed.
  var hasChanges = false

  /// Tells workers, and only once.
  mutating func raiseWork(_ signals: StoreSignals) {
    if hasWork { signals.work.raise() }
    if hasControl { signals.control.raise() }
    hasWork = false
    hasControl = false
  }

  func raise(_ signals: StoreSignals) {
    if hasWork { signals.work.raise() }
    if hasControl { signals.control.raise() }
    if hasChanges { signals.changes.raise() }
  }
}
