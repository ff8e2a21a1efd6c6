/// One block of memory for a lock of several words: the words, and behind them the state that they guard.
///
/// The words are no struct: changing a part of one would be, to the compiler and to ThreadSanitizer, an access
/// to all of it.
///
/// - Invariant: the words lie at `words` and up to 16 bytes on; the state behind them is initialised.
struct LockMemory<State: ~Copyable> {
  let words: UnsafeMutableRawPointer
  let state: UnsafeMutablePointer<State>

  init(_ initial: consuming State) {
    let alignment = max(16, MemoryLayout<State>.alignment)
    // A state without size gets a byte: its address is its own.
    words = .allocate(byteCount: alignment + max(1, MemoryLayout<State>.size), alignment: alignment)
    state = (words + alignment).initializeMemory(as: State.self, to: initial)
  }
}
