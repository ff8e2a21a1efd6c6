internal import DequeModule
public import SkeinSync

extension LocalWorkerPool {
  /// Runs `transform` on every input, on the pool's workers, and gives the results in the order of the inputs.
  ///
  /// Inputs are taken from their sequence as they are needed, a few for each worker ahead; so there may be any number
  /// of them. If one fails or the time is over, what has not begun is cancelled.
  ///
  /// ```swift
  /// let sizes = try await pool.map(files, timeout: .seconds(30)) { try $0.size() }
  /// ```
  ///
  /// - Parameters:
  ///   - inputs: what is to be transformed.
  ///   - chunkSize: how many inputs make one job; more than one pays for transforms of less than some microseconds.
  ///   - timeout: how long all of it may take; `nil` for no limit.
  ///   - clock: what measures it.
  ///   - transform: makes a result of an input.
  /// - Returns: the results, in the order of the inputs.
  /// - Throws: the error of the first input, in their order, that has one; `WaitError.timedOut`; ``PoolError``;
  ///   `WaitError.cancelled`.
  /// - Cancellation: what has not begun is cancelled.
  /// - Precondition: `chunkSize` is positive.
  public func map<Inputs: Sequence, Output: Sendable, C: DeadlineClock>(
    _ inputs: Inputs, chunkSize: Int = 1, timeout: Duration? = nil, clock: C = MonotonicClock(),
    _ transform: @escaping @Sendable (Inputs.Element) throws -> Output
  ) async throws -> [Output] where Inputs.Element: Sendable {
    var outputs: [Output] = []
    for try await output in lazyMap(inputs, chunkSize: chunkSize, timeout: timeout, clock: clock, transform) {
      outputs.append(output)
    }
    return outputs
  }

  /// Runs `transform` on every input, on the pool's workers, and blocks the thread until it has the results, in the
  /// order of the inputs.
  ///
  /// - Parameters:
  ///   - inputs: what is to be transformed.
  ///   - chunkSize: how many inputs make one job.
  ///   - timeout: how long all of it may take; `nil` for no limit.
  ///   - clock: what measures it.
  ///   - transform: makes a result of an input.
  /// - Returns: the results, in the order of the inputs.
  /// - Throws: the error of the first input, in their order, that has one; `WaitError.timedOut`; ``PoolError``;
  ///   ``FutureError/wouldStarve(pool:workers:)``.
  /// - Precondition: `chunkSize` is positive.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func map<Inputs: Sequence, Output: Sendable, C: DeadlineClock>(
    _ inputs: Inputs, chunkSize: Int = 1, timeout: Duration? = nil, clock: C = MonotonicClock(),
    _ transform: @escaping @Sendable (Inputs.Element) throws -> Output
  ) throws -> [Output] where Inputs.Element: Sendable {
    let mapping = lazyMap(inputs, chunkSize: chunkSize, timeout: timeout, clock: clock, transform)
    return try mapping.results.map { try $0.get() }
  }

  /// The results of `transform` on every input, in their order, made ahead by the pool's workers while they are taken.
  ///
  /// - Parameters:
  ///   - inputs: what is to be transformed; taken as it is needed, so that it may have no end.
  ///   - chunkSize: how many inputs make one job.
  ///   - chunksAhead: how many jobs there are at once at the most; by default two for each worker.
  ///   - timeout: how long all of it may take, from this call on; `nil` for no limit.
  ///   - clock: what measures it.
  ///   - transform: makes a result of an input.
  /// - Returns: a sequence for tasks, with ``PoolMapping/results`` for threads. It can be iterated over once.
  /// - Precondition: `chunkSize` and `chunksAhead` are positive.
  public func lazyMap<Inputs: Sequence, Output: Sendable, C: DeadlineClock>(
    _ inputs: Inputs, chunkSize: Int = 1, chunksAhead: Int? = nil, timeout: Duration? = nil,
    clock: C = MonotonicClock(), _ transform: @escaping @Sendable (Inputs.Element) throws -> Output
  ) -> PoolMapping<Self, Inputs, Output> where Inputs.Element: Sendable {
    let ahead = chunksAhead ?? 2 * maximumWorkers
    checkContract(chunkSize > 0, "a map can not have chunks of \(chunkSize) inputs")
    checkContract(ahead > 0, "a map can not be \(ahead) chunks ahead")
    let deadline = ClockDeadline(timeout.map { clock.now.advanced(by: $0) }, on: clock)
    return PoolMapping(
      MapFeed(inputs.makeIterator(), of: self, chunkSize: chunkSize, ahead: ahead, transform), until: deadline
    )
  }
}

/// The results of a map over a pool, in the order of the inputs: a sequence for tasks, and ``results`` for threads.
public struct PoolMapping<Pool: LocalWorkerPool, Inputs: Sequence, Output: Sendable>: AsyncSequence
where Inputs.Element: Sendable {
  /// A result of the transform.
  public typealias Element = Output

  private let feed: MapFeed<Pool, Inputs, Output>
  private let deadline: any FutureDeadline

  init(_ feed: MapFeed<Pool, Inputs, Output>, until deadline: any FutureDeadline) {
    self.feed = feed
    self.deadline = deadline
  }

  /// An iterator that awaits the results.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(feed: feed, deadline: deadline) }

  /// Gives the next result.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let feed: MapFeed<Pool, Inputs, Output>
    fileprivate let deadline: any FutureDeadline

    /// Suspends the task until the next result is there.
    ///
    /// - Returns: the result; `nil` after the last one.
    /// - Throws: what the transform threw; `WaitError.timedOut`; ``PoolError``; `WaitError.cancelled`.
    /// - Cancellation: what has not begun is cancelled.
    public mutating func next() async throws -> Output? {
      if let output = feed.takeReady() { return output }
      do {
        while let chunk = feed.nextChunk() { feed.didSubmit(try await feed.pool.submit(chunk)) }
        guard let future = feed.first else { return nil }
        return feed.takeFirst(of: try await deadline.result(of: future))
      } catch {
        feed.abandon()
        throw error
      }
    }
  }

  /// The same for a thread, which blocks until the next result is there: each of them or, as the last one, the error
  /// that has ended it.
  public var results: Results { Results(feed: feed, deadline: deadline) }

  /// A sequence that blocks the thread that iterates.
  public struct Results: Sequence, IteratorProtocol {
    fileprivate let feed: MapFeed<Pool, Inputs, Output>
    fileprivate let deadline: any FutureDeadline

    /// Blocks the thread until the next result is there.
    ///
    /// - Returns: the result or the error that ends the sequence; `nil` after that.
    @available(*, noasync, message: "this form blocks the thread; iterate over the mapping itself")
    public mutating func next() -> Result<Output, any Error>? {
      if let output = feed.takeReady() { return .success(output) }
      do {
        while let chunk = feed.nextChunk() { feed.didSubmit(try feed.pool.submit(chunk)) }
        guard let future = feed.first else { return nil }
        return .success(feed.takeFirst(of: try deadline.result(of: future)))
      } catch {
        feed.abandon()
        return .failure(error)
      }
    }
  }
}

/// What a map has handed in and not yet given out; used by one iterator alone.
final class MapFeed<Pool: LocalWorkerPool, Inputs: Sequence, Output: Sendable>
where Inputs.Element: Sendable {
  /// Some inputs, as one job.
  struct Chunk: PoolWork {
    let inputs: [Inputs.Element]
    let transform: @Sendable (Inputs.Element) throws -> Output

    func run() throws -> [Output] { try inputs.map(transform) }
  }

  let pool: Pool
  private var inputs: Inputs.Iterator?
  private let chunkSize: Int
  private let ahead: Int
  private let transform: @Sendable (Inputs.Element) throws -> Output
  private var inFlight: Deque<Future<[Output]>> = []
  private var ready: ArraySlice<Output> = []

  init(
    _ inputs: Inputs.Iterator, of pool: Pool, chunkSize: Int, ahead: Int,
    _ transform: @escaping @Sendable (Inputs.Element) throws -> Output
  ) {
    self.inputs = inputs
    self.pool = pool
    self.chunkSize = chunkSize
    self.ahead = ahead
    self.transform = transform
  }

  deinit { abandon() }

  /// The results that wait longest.
  var first: Future<[Output]>? { inFlight.first }

  func takeReady() -> Output? { ready.popFirst() }

  /// The inputs to be handed in now; `nil` when there are enough in flight, or no more.
  func nextChunk() -> Chunk? {
    guard inFlight.count < ahead, inputs != nil else { return nil }
    var chunk: [Inputs.Element] = []
    while chunk.count < chunkSize, let input = inputs!.next() { chunk.append(input) }
    if chunk.count < chunkSize { inputs = nil }
    return chunk.isEmpty ? nil : Chunk(inputs: chunk, transform: transform)
  }

  func didSubmit(_ future: Future<[Output]>) { inFlight.append(future) }

  func takeFirst(of outputs: [Output]) -> Output {
    inFlight.removeFirst()
    ready = outputs[...]
    return ready.removeFirst()
  }

  /// Ends the map: nobody takes the rest.
  func abandon() {
    inputs = nil
    ready = []
    for future in inFlight { future.cancel() }
    inFlight = []
  }
}
