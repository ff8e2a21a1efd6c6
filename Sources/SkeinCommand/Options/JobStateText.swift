internal import ArgumentParser
internal import SkeinJobs

/// States as people type them.
enum JobStateText {
  @Sendable static func parse(_ text: String) throws -> JobState {
    guard let state = JobState(name: text.lowercased()) else {
      throw ValidationError(
        "'\(text)' is no state; states are \(JobState.allCases.map(\.name).joined(separator: ", "))")
    }
    return state
  }
}
