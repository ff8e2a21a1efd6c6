import SkeinFutures

/// The chapter's comparisons: computing and sleeping one after another and on a pool of four, and counting on one
/// thread and on four.
///
/// - Parameters:
///   - by: what runs four jobs at once.
///   - four: does it.
func chapterCases(
  by: String, _ four: @escaping @Sendable (_ body: @escaping @Sendable (Int) -> Void) -> Void
) -> [MeasuredCase] {
  [
    MeasuredCase("cpu-bound.sequential", by: "a loop", fixed: 4 * Chapter.squares) {
      for index in 0..<4 { Chapter.addSquares(index) }
    },
    MeasuredCase("cpu-bound.threads", by: by, fixed: 4 * Chapter.squares) {
      four { Chapter.addSquares($0) }
    },
    MeasuredCase("io-bound.sequential", by: "a loop", fixed: 4) {
      for _ in 0..<4 { sleepForMilliseconds(50) }
    },
    MeasuredCase("io-bound.threads", by: by, fixed: 4) { four { _ in sleepForMilliseconds(50) } },
    MeasuredCase("count.1", by: "a loop", fixed: Chapter.count) { Chapter.count(to: Chapter.count) },
    MeasuredCase("count.4", by: by, fixed: Chapter.count) {
      four { _ in Chapter.count(to: Chapter.count / 4) }
    },
  ]
}

enum Chapter {
  static let squares = 10_000_000
  static let count = 50_000_000

  /// A sum that hangs on what came before, so that no compiler can leave it out or compute it otherwise.
  @inline(never)
  static func addSquares(_ seed: Int) {
    var total = UInt64(seed)
    for index in 0..<UInt64(squares) { total = (total &+ index &* index) ^ (total >> 3) }
    blackHole(total)
  }

  @inline(never)
  static func count(to limit: Int) {
    var total: UInt64 = 0
    for index in 0..<UInt64(limit) { total = (total &+ index) ^ (total >> 3) }
    blackHole(total)
  }
}
