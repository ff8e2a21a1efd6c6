internal import CSkein

/// A counter that threads sleep on until it moves, in this process or, in shared memory, in several.
package final class FutexWord: @unchecked Sendable {
  // Sendable because the word is only ever touched atomically; it has a place of its own so that its address
  // is fixed.
  private let word: UnsafeMutableRawPointer
  /// What keeps shared memory alive; `nil` for a word that this object has allocated.
  private let owner: (any AnyObject & Sendable)?

  /// Creates a word for this process, at zero.
  package init() {
    word = .allocate(byteCount: 4, alignment: 4)
    word.storeBytes(of: 0, as: UInt32.self)
    owner = nil
  }

  /// Uses four bytes of shared memory, which `owner` keeps alive.
  package init(at word: UnsafeMutableRawPointer, keeping owner: any AnyObject & Sendable) {
    self.word = word
    self.owner = owner
  }

  deinit {
    if owner == nil { word.deallocate() }
  }

  package var value: UInt32 { skein_load_u32(word) }

  /// Moves on and wakes sleepers: all, or so many.
  package func advance(waking count: UInt32 = .max) {
    _ = skein_add_u32(word, 1)
    _ = skein_futex_wake(word, count, owner != nil)
  }

  /// Blocks the thread while the word has the value `seen`, until `deadline` on CLOCK_MONOTONIC (negative: no
  /// limit).
  package func wait(while seen: UInt32, until deadline: Int64) {
    _ = skein_futex_wait(word, seen, deadline, owner != nil)
  }
}
