internal import Synchronization

/// What a forked job begins with, wherever it lies: on the stack of the worker that forked it, which waits for it.
@usableFromInline
struct ForkedJob: ~Copyable {
  /// Does the work that lies at the address. A function without a context.
  private let body: (UnsafeMutableRawPointer) -> Void
  private let doneWord = Atomic<UInt8>(0)

  @usableFromInline
  init(_ body: @escaping (UnsafeMutableRawPointer) -> Void) { self.body = body }

  static func isDone(_ job: UnsafeMutableRawPointer) -> Bool {
    job.assumingMemoryBound(to: ForkedJob.self).pointee.doneWord.load(ordering: .sequentiallyConsistent) != 0
  }

  /// Does the work. After that, the job may be gone.
  static func run(_ job: UnsafeMutableRawPointer) {
    let forked = job.assumingMemoryBound(to: ForkedJob.self)
    forked.pointee.body(job)
    forked.pointee.doneWord.store(1, ordering: .sequentiallyConsistent)
  }
}

/// Work that another thread may do while it lies on the stack of the one that waits for it.
@usableFromInline
struct StackWork<Value, Failure: Error>: ~Copyable {
  @usableFromInline var job: ForkedJob
  @usableFromInline let work: () throws(Failure) -> Value
  @usableFromInline var result: Result<Value, Failure>?

  @inlinable
  init(_ work: @escaping () throws(Failure) -> Value) {
    self.work = work
    job = ForkedJob { address in
      address.assumingMemoryBound(to: StackWork<Value, Failure>.self).pointee.run()
    }
  }

  @inlinable
  mutating func run() {
    do throws(Failure) { result = .success(try work()) } catch { result = .failure(error) }
  }
}
