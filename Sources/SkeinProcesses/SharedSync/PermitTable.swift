internal import CSkein

/// The permits of a shared semaphore: a word each, which says whether the permit is free or who holds it.
///
/// | word | the permit |
/// |---|---|
/// | 0 | does not exist: a place for a release beyond the permits that there are |
/// | 1 | is free |
/// | else | is held by the process with this key |
///
/// There is no count beside the words that a death could leave wrong: each step, from free to held, from held to free, by
/// its holder, by another process or by the sweep, is one exchange of one word. Wherever a process dies, a permit is
/// either still free or already its own until it is swept; it is never lost, and never there twice.
struct PermitTable: Sendable {
  static let absent: UInt64 = 0
  static let free: UInt64 = 1

  let region: SharedRegion

  var capacity: Int { region.layout.count }

  private func word(_ index: Int) -> UnsafeMutableRawPointer {
    region.address + SharedLayout.elements + index * 8
  }

  /// The words that were ever used are those in front of this: it only grows.
  private var usedWord: UnsafeMutableRawPointer { region.address + SharedLayout.words + 8 }
  private var used: Int { Int(skein_load_u32(usedWord)) }

  func prepare(free permits: Int) {
    for index in 0..<permits { skein_store_u64(word(index), Self.free) }
    _ = skein_exchange_u32(usedWord, UInt32(permits))
  }

  func count(where isCounted: (UInt64) -> Bool) -> Int {
    (0..<used).count { isCounted(skein_load_u64(word($0))) }
  }

  /// Takes a free permit, if there is one.
  func take(for key: ProcessKey) -> Bool { exchangeAny(Self.free, for: key.word) }

  /// Gives a permit back: one that this process holds, else one that another one holds, else a new one.
  ///
  /// - Returns: whether there was any of them.
  func give(from key: ProcessKey, isBounded: Bool) -> Bool {
    if exchangeAny(key.word, for: Self.free) { return true }
    for index in 0..<used {
      let holder = skein_load_u64(word(index))
      if holder > Self.free, skein_replace_u64(word(index), holder, Self.free) { return true }
    }
    return !isBounded && addNew()
  }

  /// Makes a permit. The number of used words grows first: a death in between leaves a word that is absent still.
  private func addNew() -> Bool {
    if exchangeAny(Self.absent, for: Self.free) { return true }
    while true {
      let used = used
      guard used < capacity else { return exchangeAny(Self.absent, for: Self.free) }
      _ = skein_replace_u32(usedWord, UInt32(used), UInt32(used + 1))
      if exchangeAny(Self.absent, for: Self.free) { return true }
    }
  }

  private func exchangeAny(_ expected: UInt64, for desired: UInt64) -> Bool {
    for index in 0..<used where skein_load_u64(word(index)) == expected {
      if skein_replace_u64(word(index), expected, desired) { return true }
    }
    return false
  }

  /// Gives back what dead processes hold.
  func sweep(_ isDead: (ProcessKey) -> Bool) {
    for index in 0..<used {
      let holder = skein_load_u64(word(index))
      guard holder > Self.free, isDead(ProcessKey(word: holder)) else { continue }
      _ = skein_replace_u64(word(index), holder, Self.free)
    }
  }
}
