package import SkeinJobs

/// What happens to a job whose unique key is taken, as it is typed.
package enum IfExistsText: String, CaseIterable, Sendable {
  case existing, error, replace

  package var conflict: UniqueConflict {
    switch self {
    case .existing: .existing
    case .error: .error
    case .replace: .replace
    }
  }
}
