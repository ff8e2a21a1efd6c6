extension RecursiveLock where State: ~Copyable {
  /// The lock in the hands of a body: how the body reaches the state.
  ///
  /// It can not be copied or kept, so that it ends with its body.
  public struct Held: ~Copyable {
    // Pointers, which cost no reference counting; the lock outlives its bodies.
    @usableFromInline unowned(unsafe) let lock: RecursiveLock
    @usableFromInline let marks: UnsafeMutablePointer<RecursionMarks>
    @usableFromInline let pointer: UnsafeMutablePointer<State>

    @inlinable
    init(_ lock: RecursiveLock) {
      self.lock = lock
      marks = lock.marks
      pointer = lock.state
    }

    /// The state that the lock guards.
    ///
    /// Every use is an access of its own, which ends with the expression or the call that it stands in.
    ///
    /// - Precondition: an access that changes the state overlaps no other. It would, if the state were passed
    ///   `inout` to a function that takes the lock again and touches the state there.
    /// - Complexity: O(1).
    @inlinable
    public var state: State {
      _read {
        if marks.pointee.accesses < 0 { trapOverlap() }
        marks.pointee.accesses += 1
        defer { marks.pointee.accesses -= 1 }
        yield pointer.pointee
      }
      nonmutating _modify {
        if marks.pointee.accesses != 0 { trapOverlap() }
        marks.pointee.accesses = -1
        defer { marks.pointee.accesses = 0 }
        yield &pointer.pointee
      }
    }

    @usableFromInline
    func trapOverlap() -> Never {
      breakContract(
        "an access to the state of \(lock.identity) overlaps another one that changes it, or that it changes: "
          + "nested bodies must not touch the state while an outer one does")
    }
  }
}
