public import SkeinJobs

/// Adds up what several ``WordCountJob``s have found: the join of a chord.
///
/// ```swift
/// var flow = JobFlow()
/// let total = try flow.chord(folders.map { WordCountJob(paths: [$0]) }) { WordTotalJob(parts: $0) }
/// ```
///
/// - Complexity: O(parts).
public struct WordTotalJob: Job {
  /// The sums.
  public typealias Output = WordTotal

  /// `wordcount.total`.
  public static let name = "wordcount.total"

  /// What is added up, in this order.
  public var parts: [JobResult<WordCount>]

  /// Creates the job.
  public init(parts: [JobResult<WordCount>]) {
    self.parts = parts
  }

  /// Adds up.
  public func run(in context: JobContext) async throws -> WordTotal {
    let counts = try parts.map { try $0.value }
    return WordTotal(
      totalWords: counts.reduce(0) { $0 + $1.totalWords }, parts: counts.map(\.totalWords),
      filesCounted: counts.reduce(0) { $0 + $1.filesCounted }, bytes: counts.reduce(0) { $0 + $1.bytes })
  }
}

/// What a ``WordTotalJob`` found.
public struct WordTotal: Codable, Hashable, Sendable {
  /// How many words there are.
  public let totalWords: Int
  /// How many of them each part has, in the order of the parts.
  public let parts: [Int]
  /// How many files were read.
  public let filesCounted: Int
  /// How many bytes were read.
  public let bytes: Int
}
