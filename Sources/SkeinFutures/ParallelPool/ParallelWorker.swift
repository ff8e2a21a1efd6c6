internal import CSkein

/// A thread of a ``ParallelPool``, and the work that it has.
@usableFromInline
final class ParallelWorker: PoolWorker, @unchecked Sendable {
  // Sendable because its queues are, and the rest is touched by its own thread alone; but for `core`, which is set
  // before that thread starts.
  let index: Int
  /// What it has forked.
  let forked = WorkDeque()
  /// What it has handed in itself.
  let queue = ItemQueue()
  unowned(unsafe) var core: ParallelCore!
  @exclusivity(unchecked) private var random: UInt64
  @exclusivity(unchecked) private var tick = 0

  init(index: Int, poolID: UInt32) {
    self.index = index
    random = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
    super.init(poolID: poolID)
  }

  /// The worker that calls, if it is one of the pool with that number.
  static func current(in poolID: UInt32) -> ParallelWorker? {
    guard let worker = PoolWorker.current, worker.poolID == poolID else { return nil }
    return unsafeDowncast(worker, to: ParallelWorker.self)
  }

  /// Now and then what comes from outside has its turn, however much there is to do here.
  func isTurnOfOthers() -> Bool {
    tick &+= 1
    return tick % 61 == 0
  }

  /// Where to begin to look for work of others.
  ///
  /// - Source: G. Marsaglia, *Xorshift RNGs* (2003).
  func randomStart(below count: Int) -> Int {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return Int(random % UInt64(count))
  }

  // MARK: Forking and joining

  /// Does both, the second one on another worker if there is one that has nothing else to do.
  @inlinable
  func join<A, B, Failure: Error>(
    _ left: () throws(Failure) -> A, _ right: () throws(Failure) -> B
  ) throws(Failure) -> (A, B) {
    let (first, second) = withoutActuallyEscaping(right) { right in
      withUnsafeTemporaryAllocation(of: StackWork<B, Failure>.self, capacity: 1) { buffer in
        let frame = buffer.baseAddress!
        frame.initialize(to: StackWork(right))
        defer { frame.deinitialize(count: 1) }
        let isForked = fork(UnsafeMutableRawPointer(frame))
        let first: Result<A, Failure>
        do throws(Failure) { first = .success(try left()) } catch { first = .failure(error) }
        if isForked { join(UnsafeMutableRawPointer(frame)) } else { frame.pointee.run() }
        return (first, frame.pointee.result!)
      }
    }
    return (try first.get(), try second.get())
  }

  /// Lets others do a job; `false` when there is no room.
  @usableFromInline
  func fork(_ job: UnsafeMutableRawPointer) -> Bool {
    guard forked.push(job) else { return false }
    core.noteForked()
    return true
  }

  /// Returns when a job that was forked is done: does it, if nobody else has begun, else does other work meanwhile.
  @usableFromInline
  func join(_ job: UnsafeMutableRawPointer) {
    while let last = forked.pop() {
      ForkedJob.run(last)
      if last == job { return }
      core.noteDone()
    }
    core.help(self) { ForkedJob.isDone(job) }
  }

  @available(*, noasync)
  override func wait(for future: AnyFuture, isTimed: Bool, _ park: () throws -> Void) throws {
    if isTimed { return try park() }
    core.work(self, untilDone: future)
  }
}
