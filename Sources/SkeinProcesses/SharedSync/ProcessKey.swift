internal import CSkein
internal import Glibc
internal import SkeinSync

/// What a table in shared memory knows a process by: its id and, since ids are used again, when it was started.
///
/// It is one word, never zero, so that a row is taken and given back by one atomic operation. Of the start, in ticks of ten
/// milliseconds, it keeps 32 bits: a stranger is mistaken for it only 497 days later to the tick.
struct ProcessKey: Hashable, Sendable {
  let word: UInt64

  var processID: Int32 { Int32(truncatingIfNeeded: word >> 32) }

  init(word: UInt64) { self.word = word }

  private init?(processID: Int32) {
    let start = skein_process_start(processID)
    guard start >= 0 else { return nil }
    word = UInt64(UInt32(bitPattern: processID)) << 32 | UInt64(UInt32(truncatingIfNeeded: start))
  }

  /// The calling process's.
  static var current: ProcessKey {
    let forks = skein_fork_count()
    return known.withLock { known in
      if let known, known.forks == forks { return known.key }
      // Without /proc there is the id alone, which `isAlive` then can not tell from a stranger's either.
      let key =
        ProcessKey(processID: getpid()) ?? ProcessKey(word: UInt64(UInt32(bitPattern: getpid())) << 32)
      known = (key, forks)
      return key
    }
  }

  private static let known = Lock<(key: ProcessKey, forks: UInt32)?>(nil, internalTo: "ProcessKey")

  /// Whether the process lives; one that has ended and was not waited for yet does not.
  var isAlive: Bool {
    if let there = ProcessKey(processID: processID) { return there == self }
    // When /proc can not be read at all, nobody is declared dead who answers.
    return skein_process_start(getpid()) < 0 && kill(processID, 0) == 0
  }
}
