internal import FoundationEssentials
public import SkeinFutures
internal import SkeinSync
internal import SkeinWork

extension ProcessPool {
  /// Runs functions in the processes and gives their results in the order of the functions; suspends the task until all
  /// are there.
  ///
  /// ```swift
  /// let sizes = try await pool.map(paths.map { Resize(path: $0) }, chunk: 16)
  /// ```
  ///
  /// - Parameters:
  ///   - functions: what is to be run. They are taken as room is made, so that a long sequence needs no memory.
  ///   - chunk: how many go to a process at a time; more of them cost less each, and less evenly.
  /// - Returns: the results, in the order of the functions.
  /// - Throws: the error of the first function that has one, in their order; what `submit` throws;
  ///   `WaitError.cancelled`.
  /// - Cancellation: what has not begun is cancelled.
  /// - Precondition: `chunk` is positive.
  public func map<Function: RemoteFunction>(
    _ functions: some Sequence<Function>, chunk: Int = 1
  ) async throws -> [Function.Output] {
    var results: [Function.Output] = []
    var window = MapWindow<Function>(functions, chunk: chunk, size: 2 * maximumWorkers)
    do {
      while let future = try await window.next(in: self) {
        for outcome in try await future.value { results.append(try outcome.get()) }
      }
    } catch {
      window.cancel()
      throw error
    }
    return results
  }

  /// Runs functions in the processes and gives their results as they come; whoever iterates waits for them.
  ///
  /// A sequence that is not iterated to its end cancels what has not begun.
  ///
  /// - Parameters:
  ///   - functions: what is to be run. They are taken as results are, so that a long sequence needs no memory.
  ///   - chunk: how many go to a process at a time.
  /// - Returns: a result for each function, in the order in which they come. One for which a process has crashed fails
  ///   all functions of its chunk that came with it.
  /// - Precondition: `chunk` is positive.
  public func mapUnordered<Function: RemoteFunction>(
    _ functions: some Sequence<Function>, chunk: Int = 1
  ) -> UnorderedResults<Function> {
    UnorderedResults(pool: self, window: MapWindow(functions, chunk: chunk, size: 2 * maximumWorkers))
  }

  /// The results of functions as they come.
  public struct UnorderedResults<Function: RemoteFunction>: AsyncSequence {
    /// What a function returned or threw.
    public typealias Element = Result<Function.Output, any Error>

    let pool: ProcessPool
    let window: MapWindow<Function>

    /// Begins to hand functions in.
    public func makeAsyncIterator() -> Iterator { Iterator(pool: pool, window: window) }

    /// Hands functions in, and gives their results.
    public final class Iterator: AsyncIteratorProtocol {
      private let pool: ProcessPool
      private var window: MapWindow<Function>
      private var ready: [Element] = []

      init(pool: ProcessPool, window: MapWindow<Function>) {
        self.pool = pool
        self.window = window
      }

      deinit { window.cancel() }

      /// The next result; `nil` after the last one.
      ///
      /// - Throws: what `submit` throws; `WaitError.cancelled`.
      public func next() async throws -> Element? {
        while ready.isEmpty {
          guard let future = try await window.nextDone(in: pool) else { return nil }
          switch future.currentResult! {
          case .success(let outcomes):
            ready = outcomes.reversed().map { outcome in Result { try outcome.get() } }
          case .failure(let error): ready = [.failure(error)]
          }
        }
        return ready.removeLast()
      }
    }
  }
}

/// The chunks of a map that are under way: so many, and no more until one is taken.
struct MapWindow<Function: RemoteFunction> {
  typealias ChunkFuture = Future<[CallOutcome<Function.Output>]>

  private var functions: AnyIterator<Function>
  private let chunk: Int
  private let size: Int
  private var underWay: [ChunkFuture] = []

  init(_ functions: some Sequence<Function>, chunk: Int, size: Int) {
    precondition(chunk > 0, "a map needs chunks of one function at least, and not \(chunk)")
    var iterator = functions.makeIterator()
    self.functions = AnyIterator { iterator.next() }
    self.chunk = chunk
    self.size = size
  }

  private mutating func fill(in pool: ProcessPool) async throws {
    while underWay.count < size {
      let batch = Array(functions.prefix(chunk))
      guard !batch.isEmpty else { return }
      underWay.append(try await pool.submitBatch(batch))
    }
  }

  /// The oldest; `nil` after the last one.
  mutating func next(in pool: ProcessPool) async throws -> ChunkFuture? {
    try await fill(in: pool)
    return underWay.isEmpty ? nil : underWay.removeFirst()
  }

  /// One that is done, waiting for it; `nil` after the last one.
  mutating func nextDone(in pool: ProcessPool) async throws -> ChunkFuture? {
    try await fill(in: pool)
    guard !underWay.isEmpty else { return nil }
    _ = try await wait(for: underWay, returnWhen: .firstCompleted)
    return underWay.firstIndex(where: \.isDone).map { underWay.remove(at: $0) }
  }

  func cancel() { for future in underWay { future.cancel() } }
}

/// What became of one function of a chunk: an array with the value, or with nothing and the error, since there are many.
enum CallOutcome<Output: Codable & Sendable>: Codable, Sendable {
  case value(Output)
  case error(RemoteError)

  func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    switch self {
    case .value(let value): try container.encode(value)
    case .error(let error):
      try container.encodeNil()
      try container.encode(error)
    }
  }

  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    guard container.count == 2 else {
      self = .value(try container.decode(Output.self))
      return
    }
    _ = try container.decodeNil()
    self = .error(try container.decode(RemoteError.self))
  }

  func get() throws -> Output {
    switch self {
    case .value(let output): output
    case .error(let error): throw error
    }
  }
}
