public import CSkein

extension ThreadSafeDictionary {
  /// A part of the dictionary with its lock, as pointers: a reference would be counted on each use, by all
  /// threads in the same few words, which costs more than the lock does.
  ///
  /// - Invariant: the dictionary, which every use comes through, owns the lock.
  @usableFromInline
  struct Shard: @unchecked Sendable {
    // Sendable as the lock is: the contents are touched with it held alone.
    @usableFromInline let word: OwnerWord
    @usableFromInline let contents: UnsafeMutablePointer<[Key: Value]>
    private let lock: Unmanaged<Lock<[Key: Value]>>

    init(_ lock: Lock<[Key: Value]>) {
      word = lock.word
      contents = lock.state
      self.lock = .passUnretained(lock)
    }

    @inlinable
    func enter() {
      if skein_observed() != 0 || !word.tryAcquire() { enterContended() }
    }

    @inlinable
    func leave() {
      if skein_observed() != 0 || !word.tryRelease() { leaveContended() }
    }

    @inlinable
    func withLock<Result, Failure: Error>(
      _ body: (inout [Key: Value]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      enter()
      defer { leave() }
      return try body(&contents.pointee)
    }

    @usableFromInline
    func enterContended() {
      let lock = lock.takeUnretainedValue()
      lock.acquireContended(at: lock.identity.place)
    }

    @usableFromInline
    func leaveContended() { lock.takeUnretainedValue().releaseContended() }
  }
}
