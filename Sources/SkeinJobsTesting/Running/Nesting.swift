internal import SkeinSync

/// How deep the running jobs stand in each other, and how many attempts they have taken together.
///
/// A job that enqueues another one inline has it run within itself, and that one the next. Past ``deepest`` they are left
/// to the drain that runs the innermost: it goes on with them one after the other, so that no chain of jobs is too long.
struct Nesting: Sendable {
  @TaskLocal static var current: Nesting?

  static let deepest = 16

  let depth: Int
  private let runs: Lock<Int>

  init() {
    depth = 0
    runs = Lock(0, name: "runs of a drain")
  }

  private init(inside outer: Nesting) {
    depth = outer.depth + 1
    runs = outer.runs
  }

  var deeper: Nesting { Nesting(inside: self) }

  func countRun() { runs.withLock { $0 += 1 } }

  /// Whether more have run than may.
  func isSpent(_ most: Int) -> Bool { runs.withLock { $0 > most } }
}
