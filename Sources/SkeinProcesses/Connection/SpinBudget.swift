internal import CSkein
internal import SkeinSync

/// How long a thread looks for an answer before it lets the system wake it, which takes longer than the answer of a process
/// that has little to do: learned from how long the last ones took.
///
/// A wait that was longer than a spin may be halves the next spin, down to none; one that was not restores it.
struct SpinBudget {
  /// The longest spin, in nanoseconds: about what it costs to be woken on another processor.
  private static let most: Int64 = 50_000
  private static let mostOfTasks: Int64 = 20_000
  private static let least: Int64 = 2_000

  private var nanoseconds = Self.most

  /// Asks again and again, for as long as the budget goes; then has `wait` wait.
  ///
  /// - Returns: what is found; `nil` when `wait` says that there is no more time.
  @available(*, noasync)
  mutating func find<Found>(
    _ look: () throws -> Found?, orWait wait: () -> Bool
  ) rethrows -> Found? {
    let begin = skein_monotonic_nanoseconds()
    if let found = try spin(atMost: Self.most, look) { return found }
    while wait() {
      guard let found = try look() else { continue }
      learn(skein_monotonic_nanoseconds() - begin)
      return found
    }
    return nil
  }

  /// The same for a task, which holds its thread up for less time.
  mutating func find<Found>(
    _ look: () throws -> Found?, orAwait wait: () async throws -> Void
  ) async throws -> Found {
    let begin = skein_monotonic_nanoseconds()
    if let found = try spin(atMost: Self.mostOfTasks, look) { return found }
    while true {
      try await wait()
      guard let found = try look() else { continue }
      learn(skein_monotonic_nanoseconds() - begin)
      return found
    }
  }

  private func spin<Found>(atMost limit: Int64, _ look: () throws -> Found?) rethrows -> Found? {
    if let found = try look() { return found }
    let budget = min(nanoseconds, limit)
    guard budget > 0 else { return nil }
    let begin = skein_monotonic_nanoseconds()
    repeat {
      for _ in 0..<8 { skein_spin_hint() }
      if let found = try look() { return found }
    } while skein_monotonic_nanoseconds() - begin < budget
    return nil
  }

  private mutating func learn(_ waited: Int64) {
    if waited < 2 * Self.most {
      nanoseconds = Self.isOfUse ? Self.most : 0
    } else {
      nanoseconds = nanoseconds / 2 < Self.least ? 0 : nanoseconds / 2
    }
  }

  /// Whether another process can do something meanwhile.
  static let isOfUse = skein_allowed_processors() > 1
}
