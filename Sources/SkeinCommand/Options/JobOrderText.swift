internal import ArgumentParser
internal import SkeinJobs

/// Orders as people type them: `ran`, or `-ran` for the other way round.
enum JobOrderText {
  /// All keys, for the help.
  static let keys = JobOrder.Key.allCases.map(\.rawValue).joined(separator: ", ")

  @Sendable static func parse(_ text: String) throws -> JobOrder {
    let isReversed = text.hasPrefix("-")
    guard let key = JobOrder.Key(rawValue: (isReversed ? String(text.dropFirst()) : text).lowercased()) else {
      throw ValidationError("jobs can not be sorted by '\(text)'; keys are \(keys)")
    }
    return JobOrder(key, isReversed: isReversed)
  }
}
