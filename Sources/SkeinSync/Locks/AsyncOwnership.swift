internal import CSkein
internal import Synchronization

/// The word of an async lock, and the note who holds it.
///
/// | task | slow | meaning |
/// |---|---|---|
/// | 0 | 0 | free |
/// | address | 0 | held; nobody waits |
/// | address | 1 | held; somebody waits, or the lock is closed: the release goes through the wait point |
/// | 0 | 1 | free, and closed |
///
/// - Invariant: with the slow bit set, the word changes under the wait point's lock alone.
final class AsyncOwnership: @unchecked Sendable {
  // Sendable because `note` is written by the holder before `isNoted` is set, or under the wait point's
  // lock by who hands over; and read by diagnosis under that lock, with the slow bit and `isNoted` set: the
  // holder then needs that lock to let go, and the next one writes after it.
  private let word = Atomic<UInt>(0)
  private let isNoted = Atomic(false)
  private var note: HolderNote?

  private static let slow: UInt = 1

  var isFree: Bool { word.load(ordering: .relaxed) & ~Self.slow == 0 }

  var isMine: Bool {
    let task = skein_current_task()
    return task != 0 && word.load(ordering: .relaxed) & ~Self.slow == task
  }

  /// Takes the lock if it is free and the slow path does not rule.
  func take(_ candidate: HolderNote) -> Bool {
    guard word.compareExchange(expected: 0, desired: candidate.task, ordering: .acquiring).exchanged else {
      return false
    }
    keep(candidate)
    return true
  }

  private func keep(_ holder: HolderNote) {
    note = holder
    isNoted.store(true, ordering: .releasing)
  }

  /// Lets go, unless the slow path rules.
  func giveFast() -> Bool {
    isNoted.store(false, ordering: .relaxed)
    return word.compareExchange(expected: skein_current_task(), desired: 0, ordering: .releasing).exchanged
  }

  // MARK: Under the wait point's lock

  /// Takes the lock for a newcomer whom nobody precedes, else makes everybody take the slow path.
  func takeOrEnterSlowPath(_ candidate: HolderNote, isFirst: Bool) -> Bool {
    if isFirst && take(candidate) { return true }
    var seen = word.load(ordering: .relaxed)
    while true {
      let isTaken = isFirst && seen & ~Self.slow == 0
      let (exchanged, original) = word.compareExchange(
        expected: seen, desired: isTaken ? candidate.task | Self.slow : seen | Self.slow,
        ordering: .acquiringAndReleasing)
      if exchanged {
        if isTaken { keep(candidate) }
        return isTaken
      }
      seen = original
    }
  }

  func enterSlowPath() { word.bitwiseOr(Self.slow, ordering: .acquiringAndReleasing) }
  func leaveSlowPath() { word.bitwiseAnd(~Self.slow, ordering: .acquiringAndReleasing) }

  /// Lets go on the slow path.
  func give() { word.store(Self.slow, ordering: .releasing) }

  /// Gives a free lock to who waits for it.
  func handOver(to candidate: HolderNote) {
    keep(candidate)
    word.store(candidate.task | Self.slow, ordering: .releasing)
  }

  /// Who holds the lock, as diagnosis sees it.
  var holders: ObservedObject.Holders {
    let seen = word.load(ordering: .acquiring)
    guard seen & Self.slow != 0, seen != Self.slow else { return .all([]) }
    guard isNoted.load(ordering: .acquiring), let note else { return .unknown }
    return .all([note.holder])
  }
}
