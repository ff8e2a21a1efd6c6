internal import FoundationEssentials
public import SkeinFutures
internal import SkeinSync
internal import SkeinWork

/// Hands tasks out to worker processes over queues in shared memory, and gathers what they answer: this process is the
/// dispatcher.
///
/// ```swift
/// let dispatcher = try TaskDispatcher(workers: 4)
/// var squares: [Future<Int>] = []
/// for number in numbers { squares.append(try await dispatcher.submit(Square(number: number))) }
/// for square in squares { print(try await square.value) }
/// await dispatcher.shutdown()
/// ```
///
/// A task waits here until a worker has room: it is given one that it works on and the next, so that it need not wait for
/// that, and up to sixteen if they are short. When a worker dies, another takes its place, and nothing is lost: what it had
/// not begun goes to the others. The one that it was at is done again if its function may be
/// (``RemoteFunction/isIdempotent``), and fails with ``ProcessCrashed`` otherwise.
///
/// It is for many small tasks: a ``ProcessPool`` has limits of time and memory, and sends connections along.
///
/// - Invariant: a task that was handed in gets its result, its error, or is cancelled; none is done by two workers at once.
/// - Source: the chapter's exercise of a dispatcher with CPython's `multiprocessing.Queue`.
public final class TaskDispatcher: Sendable {
  private let core: DispatchCore

  /// Starts the workers.
  ///
  /// - Parameters:
  ///   - workers: how many processes work.
  ///   - name: what errors and diagnosis call it; its workers are called so with a number.
  ///   - capacity: how many tasks may be without a result; who hands one more in waits.
  ///   - byteCapacity: how many bytes the tasks and answers in one queue have together at the most; one that is longer is
  ///     refused.
  ///   - attempts: how many workers a task may end, if its function may be run again, before it is given up.
  ///   - method: how processes are started.
  ///   - program: which program they run; `nil` for this one.
  /// - Throws: `PoolError.invalidSize` when a number is not positive; ``ProcessError``; ``SharedMemoryError``.
  public init(
    workers: Int, name: String = "dispatcher", capacity: Int = 1000, byteCapacity: Int = 1 << 20,
    attempts: Int = 3, method: StartMethod = .standard, program: ChildProgram? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) throws {
    let numbers = [
      ("workers", workers), ("capacity", capacity), ("byteCapacity", byteCapacity), ("attempts", attempts),
    ]
    for (parameter, value) in numbers where value < 1 {
      throw PoolError.invalidSize(pool: name, parameter: parameter, value: value)
    }
    core = try DispatchCore(
      workers: workers,
      options: .init(
        name: name, capacity: capacity, byteCapacity: byteCapacity, attempts: attempts, method: method,
        program: program, place: SourcePlace(file, line)))
  }

  deinit { core.close(cancelPending: false) }

  /// The ids of the workers.
  public var processIDs: [Int32] { core.processIDs }

  /// How many workers have died, and were replaced.
  public var deathCount: Int { core.deathCount }

  // MARK: Submitting

  /// Hands a task in; suspends while so many have no result that there is no room.
  ///
  /// - Parameter function: what is to be done. It can not hold connections or shared objects.
  /// - Returns: the future of what it returns or throws, which is a ``RemoteError``. It can be cancelled until a worker
  ///   was given the task.
  /// - Throws: `EncodingError`; ``SharedQueueError/tooLarge(bytes:limit:)``; ``ConnectionError`` for connections and shared
  ///   objects; ``ProcessError/notRegistered(function:known:)``; `PoolError.shutDown`; `WaitError.cancelled`.
  /// - Cancellation: the task was not handed in.
  public func submit<Function: RemoteFunction>(
    _ function: Function, file: StaticString = #fileID, line: UInt = #line
  ) async throws -> Future<Function.Output> {
    let call = try call(of: function)
    try await core.room.acquire(file: file, line: line)
    return try add(function, call, SourcePlace(file, line))
  }

  /// Hands a task in; blocks the thread while so many have no result that there is no room.
  ///
  /// - Parameter function: what is to be done. It can not hold connections or shared objects.
  /// - Returns: the future of what it returns or throws.
  /// - Throws: as the asynchronous form.
  @available(*, noasync, message: "this form may block the thread; await the asynchronous one")
  public func submit<Function: RemoteFunction>(
    _ function: Function, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Future<Function.Output> {
    let call = try call(of: function)
    try core.room.acquire(file: file, line: line)
    return try add(function, call, SourcePlace(file, line))
  }

  private func call(of function: some RemoteFunction) throws -> Data {
    try (try core.options.program ?? ChildProgram.current).check(type(of: function))
    let call = try FunctionCall(function)
    try call.refuseDescriptors()
    let limit = DispatchMessage.limit(in: core.options.byteCapacity)
    guard call.bytes.count <= limit else {
      throw SharedQueueError.tooLarge(bytes: call.bytes.count, limit: limit)
    }
    return call.bytes
  }

  private func add<Function: RemoteFunction>(
    _ function: Function, _ call: Data, _ place: SourcePlace
  ) throws -> Future<Function.Output> {
    let promise = Promise<Function.Output>(file: place.file, line: place.line)
    try core.add(
      DispatchedTask(
        function: Function.name, call: call, isIdempotent: Function.isIdempotent,
        // One that was begun before, and comes again, is refused by the future, and to be done.
        begin: { (try? promise.begin()) ?? true },
        // One that was begun, by a worker that has died, can not be taken back, but is not done either.
        cancel: {
          if !promise.future.cancel() { promise.tryComplete(with: .failure(FutureError.cancelled)) }
        },
        complete: { answer in
          promise.tryComplete(
            with: Result {
              try CallAnswer.decode(Frame(bytes: answer.get(), descriptors: []), as: Function.Output.self)
            })
        }))
    return promise.future
  }

  // MARK: Shutting down

  /// Takes nothing any more, and suspends the task until everything is done and the workers have ended.
  ///
  /// - Parameter cancelPending: whether to cancel what no worker was given; otherwise it is done.
  /// - Cancellation: does not end the wait.
  public func shutdown(cancelPending: Bool = false) async {
    core.close(cancelPending: cancelPending)
    await Task { [core] in _ = try? await core.hasEnded.wait() }.value
  }

  /// Takes nothing any more, and blocks the thread until everything is done and the workers have ended.
  ///
  /// - Parameter cancelPending: whether to cancel what no worker was given; otherwise it is done.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func shutdown(cancelPending: Bool = false) {
    core.close(cancelPending: cancelPending)
    _ = try? core.hasEnded.wait()
  }
}
