public import SkeinJobs

/// The jobs that every `skein` worker can run.
///
/// ```swift
/// let registry = try JobRegistry(BuiltinJobs.all + [Resize.self])
/// ```
public enum BuiltinJobs {
  /// ``CommandJob``, ``WordCountJob`` and ``WordTotalJob``.
  public static let all: [any Job.Type] = [CommandJob.self, WordCountJob.self, WordTotalJob.self]
}
