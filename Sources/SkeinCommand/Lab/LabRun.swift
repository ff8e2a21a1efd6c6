internal import SkeinDiagnostics
internal import SkeinSync

/// Runs an experiment, and does not wait for one that stands still.
enum LabRun {
  /// After this long an experiment counts as standing still.
  static let limit = Duration.seconds(60)

  /// Runs an experiment.
  ///
  /// - Parameter clock: what measures `limit`.
  /// - Returns: its report. When it stood still, the report has who waits for what, and its threads are left
  ///   behind: nothing can end them but the end of the process.
  static func report<C: DeadlineClock>(
    of experiment: any Experiment, limit: Duration = limit, clock: C = MonotonicClock()
  ) async -> LabReport {
    let notes = LabNotes(of: experiment)
    let ended = Event(name: "end of the experiment")
    Task {
      do { try await experiment.run(notes) } catch { notes.fail("\(error)") }
      ended.set()
    }
    do {
      try await ended.wait(timeout: limit, clock: clock)
    } catch {
      notes.fail("it stands still after \(limit). Who waits for what:\n\(Diagnostics.snapshot())")
    }
    return notes.current
  }
}
