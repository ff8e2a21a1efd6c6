internal import CSkein
internal import Glibc
internal import SkeinSync

/// The rounds of a shared barrier, and the table of who has arrived in the current one.
///
/// All of it is changed under a robust mutex, for a few instructions. Who dies with that mutex in its hands may have left
/// anything half done, so the next one to take it breaks the barrier: no party of a round with a dead one goes on. The sweep
/// takes it too, so that this comes about even when nobody else does.
struct BarrierCore: Sendable {
  struct Place {
    var round: UInt32
    var index: Int
    var isLast: Bool
  }

  let region: SharedRegion

  var changes: SharedChanges { SharedChanges(region: region) }
  var parties: Int { region.layout.count }
  var mutex: UnsafeMutableRawPointer { region.address + SharedLayout.words + 64 }

  private func word(_ offset: Int) -> UnsafeMutableRawPointer {
    region.address + SharedLayout.words + offset
  }
  /// The number of the current round.
  private var roundWord: UnsafeMutableRawPointer { word(8) }
  private var arrivedWord: UnsafeMutableRawPointer { word(12) }
  private var brokenWord: UnsafeMutableRawPointer { word(16) }
  /// Which of the last 64 rounds were broken, a bit each: for parties that wake late.
  private var historyWord: UnsafeMutableRawPointer { word(24) }

  private var round: UInt32 { skein_load_u32(roundWord) }
  var arrivedCount: Int { Int(skein_load_u32(arrivedWord)) }
  var isBroken: Bool { skein_load_u32(brokenWord) != 0 }

  private func row(_ index: Int) -> UnsafeMutableRawPointer {
    region.address + SharedLayout.elements + index * 8
  }

  /// Enters the calling process as a party; `nil` when the barrier is broken.
  func arrive() -> Place? {
    update { () -> Place? in
      guard !isBroken else { return nil }
      let (round, index) = (round, arrivedCount)
      skein_store_u64(row(index), ProcessKey.current.word)
      _ = skein_exchange_u32(arrivedWord, UInt32(index + 1))
      let isLast = index + 1 == parties
      if isLast { beginRound(afterBreak: false) }
      return Place(round: round, index: index, isLast: isLast)
    }
  }

  /// Whether the round was met, or broken; `nil` while it goes on.
  func outcome(of round: UInt32) -> Bool? {
    update {
      if self.round == round { return isBroken ? false : nil }
      return skein_load_u64(historyWord) >> UInt64(round % 64) & 1 == 0
    }
  }

  /// Breaks the round, unless it has had its outcome, which is returned then.
  func breakRound(_ round: UInt32) -> Bool? {
    update {
      if self.round != round { return skein_load_u64(historyWord) >> UInt64(round % 64) & 1 == 0 }
      if isBroken { return false }
      _ = skein_exchange_u32(brokenWord, 1)
      return nil
    }
  }

  func abort() { update { _ = skein_exchange_u32(brokenWord, 1) } }

  func reset() {
    update {
      if isBroken || arrivedCount > 0 { beginRound(afterBreak: true) }
      _ = skein_exchange_u32(brokenWord, 0)
    }
  }

  /// Breaks the barrier if it counts a dead process.
  func sweep(_ isDead: (ProcessKey) -> Bool) {
    update {
      let arrived = (0..<min(arrivedCount, parties)).map { ProcessKey(word: skein_load_u64(row($0))) }
      if arrived.contains(where: isDead) { _ = skein_exchange_u32(brokenWord, 1) }
    }
    changes.wakeAll()
  }

  private func beginRound(afterBreak: Bool) {
    let bit = UInt64(1) << UInt64(round % 64)
    let history = skein_load_u64(historyWord)
    skein_store_u64(historyWord, afterBreak ? history | bit : history & ~bit)
    _ = skein_exchange_u32(arrivedWord, 0)
    _ = skein_add_u32(roundWord, 1)
  }

  private func update<Result>(_ body: () -> Result) -> Result {
    let before = (round, isBroken)
    let answer = skein_shared_mutex_lock(mutex, -1)
    checkContract(answer >= 0, "the mutex of a SharedBarrier failed with error \(-answer)")
    if answer == 1 { _ = skein_exchange_u32(brokenWord, 1) }
    let result = body()
    let hasChanged = (round, isBroken) != before
    _ = skein_shared_mutex_unlock(mutex)
    if hasChanged { changes.announce() }
    return result
  }
}
