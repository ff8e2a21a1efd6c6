extension OrderedQueue: AsyncSequence {
  /// A loop over a queue never throws: it ends.
  public typealias Failure = Never

  /// Gives out the elements of a queue, until it is shut down and empty or the task is cancelled.
  ///
  /// Several iterators, and calls of `get`, share the elements: each goes to one of them.
  public struct AsyncIterator: AsyncIteratorProtocol {
    @usableFromInline let queue: OrderedQueue

    @inlinable
    init(queue: OrderedQueue) { self.queue = queue }

    /// The next element; `nil` when the queue is shut down and empty, or the task was cancelled while it
    /// waited.
    @inlinable
    public func next(isolation: isolated (any Actor)? = #isolation) async -> Element? {
      try? await queue.get()
    }
  }

  /// Starts a loop: `for await element in queue { … }`.
  @inlinable
  public final func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: self) }
}
