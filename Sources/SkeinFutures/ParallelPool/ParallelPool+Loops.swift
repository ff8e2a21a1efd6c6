extension ParallelPool {
  // MARK: Map

  /// Transforms all elements, chunk by chunk, and blocks until all are done.
  ///
  /// ```swift
  /// let roots = pool.parallelMap(numbers) { $0.squareRoot() }
  /// ```
  ///
  /// - Parameters:
  ///   - elements: what is to be transformed.
  ///   - grain: how many elements one worker does at a stretch; by default an eighth of its share. Give a smaller one
  ///     when some elements take much longer than others.
  ///   - transform: makes a result of an element.
  /// - Returns: the results, in the order of the elements.
  /// - Throws: what `transform` throws: of several errors, that of the first chunk. Chunks that have not begun are left
  ///   out.
  /// - Precondition: `grain` is positive.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable @inline(__always)
  public func parallelMap<Elements: RandomAccessCollection & Sendable, Output: Sendable, Failure: Error>(
    _ elements: Elements, grain: Int? = nil,
    _ transform: @Sendable (Elements.Element) throws(Failure) -> Output
  ) throws(Failure) -> [Output] {
    try map(elements, grain: grain, stop: nil, transform)
  }

  /// Transforms all elements, chunk by chunk, and suspends the task until all are done.
  ///
  /// - Parameters:
  ///   - elements: what is to be transformed.
  ///   - grain: how many elements one worker does at a stretch; by default an eighth of its share.
  ///   - transform: makes a result of an element.
  /// - Returns: the results, in the order of the elements.
  /// - Throws: what `transform` throws; `CancellationError`; ``PoolError/shutDown(pool:)``.
  /// - Cancellation: chunks that have not begun are left out; the call ends when the others have.
  /// - Precondition: `grain` is positive.
  @inlinable @inline(__always)
  public func parallelMap<Elements: RandomAccessCollection & Sendable, Output: Sendable>(
    _ elements: Elements, grain: Int? = nil,
    _ transform: @escaping @Sendable (Elements.Element) throws -> Output
  ) async throws -> [Output] {
    try await stoppable { stop in try self.map(elements, grain: grain, stop: stop, transform) }
  }

  @available(*, noasync)
  @inlinable @inline(__always)
  func map<Elements: RandomAccessCollection & Sendable, Output: Sendable, Failure: Error>(
    _ elements: Elements, grain: Int?, stop: LoopStop?,
    _ transform: @Sendable (Elements.Element) throws(Failure) -> Output
  ) throws(Failure) -> [Output] {
    let plan = ChunkPlan(count: elements.count, grain: grain, workers: maximumWorkers)
    let end = LoopEnd<Failure>(stop)
    let outputs = [Output](unsafeUninitializedCapacity: plan.count) { buffer, count in
      let isFilled = [Bool](unsafeUninitializedCapacity: plan.chunkCount) { isFilled, count in
        isFilled.initialize(repeating: false)
        count = plan.chunkCount
        forChunks(of: plan, until: end) { chunk, indices throws(Failure) in
          try fill(buffer, at: indices, elements, transform)
          isFilled[chunk] = true
        }
      }
      count = plan.count
      if end.isSet {
        for chunk in isFilled.indices where isFilled[chunk] {
          buffer.extracting(plan.indices(of: chunk)).deinitialize()
        }
        count = 0
      }
    }
    if let error = end.error { throw error }
    return outputs
  }

  /// Fills one chunk, or nothing of it.
  @inlinable @inline(__always)
  func fill<Elements: RandomAccessCollection, Output, Failure: Error>(
    _ buffer: UnsafeMutableBufferPointer<Output>, at indices: Range<Int>, _ elements: Elements,
    _ transform: (Elements.Element) throws(Failure) -> Output
  ) throws(Failure) {
    var index = indices.lowerBound
    let start = buffer.baseAddress!
    do throws(Failure) {
      try forEach(elements, at: indices) { element throws(Failure) in
        (start + index).initialize(to: try transform(element))
        index += 1
      }
    } catch {
      (start + indices.lowerBound).deinitialize(count: index - indices.lowerBound)
      throw error
    }
  }

  // MARK: Reduce

  /// Reduces all elements to one value, chunk by chunk, and blocks until that is done.
  ///
  /// The partial results are combined in the order of the chunks: with the same grain, the result is the same, also
  /// where the order matters a little, as with floating-point numbers.
  ///
  /// ```swift
  /// let total = pool.reduce(prices, identity: 0, accumulate: { $0 += $1 }, combine: +)
  /// ```
  ///
  /// - Parameters:
  ///   - elements: what is to be reduced.
  ///   - identity: what each chunk begins with: combined with anything, it makes no difference.
  ///   - grain: how many elements one worker does at a stretch; by default an eighth of its share.
  ///   - accumulate: takes an element into the partial result of its chunk.
  ///   - combine: makes one partial result of two; it must be associative.
  /// - Returns: the result; `identity` when there are no elements.
  /// - Throws: what `accumulate` or `combine` throws.
  /// - Precondition: `grain` is positive.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable @inline(__always)
  public func reduce<Elements: RandomAccessCollection & Sendable, Partial: Sendable, Failure: Error>(
    _ elements: Elements, identity: Partial, grain: Int? = nil,
    accumulate: @Sendable (inout Partial, Elements.Element) throws(Failure) -> Void,
    combine: @Sendable (Partial, Partial) throws(Failure) -> Partial
  ) throws(Failure) -> Partial {
    try reduce(elements, identity, grain: grain, stop: nil, accumulate, combine)
  }

  /// Reduces all elements to one value, chunk by chunk, and suspends the task until that is done.
  ///
  /// - Parameters:
  ///   - elements: what is to be reduced.
  ///   - identity: what each chunk begins with: combined with anything, it makes no difference.
  ///   - grain: how many elements one worker does at a stretch; by default an eighth of its share.
  ///   - accumulate: takes an element into the partial result of its chunk.
  ///   - combine: makes one partial result of two; it must be associative.
  /// - Returns: the result; `identity` when there are no elements.
  /// - Throws: what `accumulate` or `combine` throws; `CancellationError`; ``PoolError/shutDown(pool:)``.
  /// - Cancellation: chunks that have not begun are left out; the call ends when the others have.
  /// - Precondition: `grain` is positive.
  @inlinable @inline(__always)
  public func reduce<Elements: RandomAccessCollection & Sendable, Partial: Sendable>(
    _ elements: Elements, identity: Partial, grain: Int? = nil,
    accumulate: @escaping @Sendable (inout Partial, Elements.Element) throws -> Void,
    combine: @escaping @Sendable (Partial, Partial) throws -> Partial
  ) async throws -> Partial {
    try await stoppable { stop in
      try self.reduce(elements, identity, grain: grain, stop: stop, accumulate, combine)
    }
  }

  @available(*, noasync)
  @inlinable @inline(__always)
  func reduce<Elements: RandomAccessCollection & Sendable, Partial: Sendable, Failure: Error>(
    _ elements: Elements, _ identity: Partial, grain: Int?, stop: LoopStop?,
    _ accumulate: @Sendable (inout Partial, Elements.Element) throws(Failure) -> Void,
    _ combine: @Sendable (Partial, Partial) throws(Failure) -> Partial
  ) throws(Failure) -> Partial {
    let plan = ChunkPlan(count: elements.count, grain: grain, workers: maximumWorkers)
    let end = LoopEnd<Failure>(stop)
    let partials = [Partial](unsafeUninitializedCapacity: plan.chunkCount) { partials, count in
      partials.initialize(repeating: identity)
      count = plan.chunkCount
      forChunks(of: plan, until: end) { chunk, indices throws(Failure) in
        var partial = identity
        try forEach(elements, at: indices) { element throws(Failure) in try accumulate(&partial, element) }
        partials[chunk] = partial
      }
    }
    if let error = end.error { throw error }
    guard var result = partials.first else { return identity }
    for partial in partials.dropFirst() { result = try combine(result, partial) }
    return result
  }

  // MARK: For each

  /// Calls `body` for all elements, chunk by chunk, in any order, and blocks until that is done.
  ///
  /// - Parameters:
  ///   - elements: what `body` is called for: often a range of indices.
  ///   - grain: how many elements one worker does at a stretch; by default an eighth of its share.
  ///   - body: does something with an element.
  /// - Throws: what `body` throws: of several errors, that of the first chunk. Chunks that have not begun are left out.
  /// - Precondition: `grain` is positive.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable @inline(__always)
  public func forEach<Elements: RandomAccessCollection & Sendable, Failure: Error>(
    _ elements: Elements, grain: Int? = nil, _ body: @Sendable (Elements.Element) throws(Failure) -> Void
  ) throws(Failure) {
    try reduce(
      elements, (), grain: grain, stop: nil,
      { (_: inout Void, element) throws(Failure) in try body(element) }, { (_, _) throws(Failure) in })
  }

  /// Calls `body` for all elements, chunk by chunk, in any order, and suspends the task until that is done.
  ///
  /// - Parameters:
  ///   - elements: what `body` is called for: often a range of indices.
  ///   - grain: how many elements one worker does at a stretch; by default an eighth of its share.
  ///   - body: does something with an element.
  /// - Throws: what `body` throws; `CancellationError`; ``PoolError/shutDown(pool:)``.
  /// - Cancellation: chunks that have not begun are left out; the call ends when the others have.
  /// - Precondition: `grain` is positive.
  @inlinable @inline(__always)
  public func forEach<Elements: RandomAccessCollection & Sendable>(
    _ elements: Elements, grain: Int? = nil, _ body: @escaping @Sendable (Elements.Element) throws -> Void
  ) async throws {
    try await reduce(
      elements, identity: (), grain: grain, accumulate: { _, element in try body(element) },
      combine: { _, _ in })
  }

  // MARK: What all of them are made of

  /// Calls `body` for the elements at some offsets.
  @inlinable @inline(__always)
  func forEach<Elements: RandomAccessCollection, Failure: Error>(
    _ elements: Elements, at offsets: Range<Int>, _ body: (Elements.Element) throws(Failure) -> Void
  ) throws(Failure) {
    let result = elements.withContiguousStorageIfAvailable { elements -> Result<Void, Failure> in
      do throws(Failure) {
        for offset in offsets { try body(elements[offset]) }
        return .success(())
      } catch { return .failure(error) }
    }
    if let result { return try result.get() }
    var index = elements.index(elements.startIndex, offsetBy: offsets.lowerBound)
    for _ in offsets {
      try body(elements[index])
      elements.formIndex(after: &index)
    }
  }

  /// Calls `body` for every chunk that begins before the end, on the workers, and blocks until that is done.
  @available(*, noasync)
  @inlinable @inline(__always)
  func forChunks<Failure: Error>(
    of plan: ChunkPlan, until end: LoopEnd<Failure>, _ body: (Int, Range<Int>) throws(Failure) -> Void
  ) {
    forEachChunk(below: plan.chunkCount) { chunk in
      guard !end.isSet else { return }
      do throws(Failure) {
        try body(chunk, plan.indices(of: chunk))
      } catch {
        end.set(error, in: chunk)
      }
    }
  }

  /// Calls `body` for the numbers from 0, on the workers, and blocks until that is done.
  @available(*, noasync)
  @usableFromInline
  func forEachChunk(below count: Int, _ body: (Int) -> Void) {
    guard count > 1 else { return (0..<count).forEach(body) }
    onWorker {
      split(0..<count, body)
    } orAlone: {
      (0..<count).forEach(body)
    }
  }

  private func split(_ chunks: Range<Int>, _ body: (Int) -> Void) {
    guard chunks.count > 1 else { return body(chunks.lowerBound) }
    let middle = chunks.lowerBound + chunks.count / 2
    _ = core.currentWorker!.join(
      { split(chunks.lowerBound..<middle, body) }, { split(middle..<chunks.upperBound, body) })
  }

  /// Runs a loop on a worker, and stops it when the task is cancelled.
  @usableFromInline
  func stoppable<Output: Sendable>(
    _ loop: @escaping @Sendable (LoopStop) throws -> Output
  ) async throws -> Output {
    let stop = LoopStop()
    return try await withTaskCancellationHandler {
      do {
        let output = try await run { try loop(stop) }
        if stop.isSet { throw CancellationError() }
        return output
      } catch let error {
        if stop.isSet { throw CancellationError() }
        throw error
      }
    } onCancel: {
      stop.set()
    }
  }
}
