internal import Logging
internal import NIOCore
internal import SkeinSync

/// The connections of a server: those that are served, and those that wait for a place.
///
/// - Invariant: no more are served than there are places, and none waits while there is one.
final class ServedConnections: Sendable {
  private typealias Number = UInt64

  private struct Served: Sendable {
    let stream: ChannelByteStream
    /// `nil` until the task is known.
    var task: Task<Void, Never>?
  }

  private struct State: Sendable {
    var served: [Number: Served] = [:]
    /// In the order of coming.
    var waiting: [(number: Number, stream: ChannelByteStream)] = []
    var lastNumber: Number = 0
    var listener: (any Channel)?
    /// Whether the tasks are told to end.
    var isCancelling = false
    var executors: [ObjectIdentifier: EventLoopExecutor] = [:]
  }

  private let options: TCPServer.Options
  private let handler: @Sendable (TCPConnection) async throws -> Void
  private let state = Lock(State(), internalTo: "TCPServer")
  /// Is set when a connection has ended.
  private let hasEnded = Event(name: "end of a connection")

  init(
    _ options: TCPServer.Options, _ handler: @escaping @Sendable (TCPConnection) async throws -> Void
  ) {
    (self.options, self.handler) = (options, handler)
  }

  /// Takes note of the listening channel, whose first connections may have ended by now.
  func listens(_ listener: any Channel) {
    state.withLock { $0.listener = listener }
    openGate()
  }

  // MARK: Accepting

  func makeGate() -> AcceptGate {
    AcceptGate(
      hasPlace: { [self] in
        state.withLock { $0.served.count + $0.waiting.count < options.maximumConnections }
      },
      onTrouble: { [logger = options.logger] number in
        logger.error(
          "a connection could not be accepted",
          metadata: ["error": "\(systemMessage(number))", "errno": "\(number)"])
      })
  }

  func makeStream(_ channel: any Channel) -> ChannelByteStream {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    return ChannelByteStream(
      channel, onActive: { [self] stream in admit(stream, number) },
      onInactive: { [self] in forget(number) })
  }

  /// Has a connection served, or wait for a place. On its event loop.
  private func admit(_ stream: ChannelByteStream, _ number: Number) {
    let admission = state.withLock { state -> Admission in
      if state.isCancelling { return .tooLate }
      guard state.served.count < options.maximumConnections else {
        state.waiting.append((number, stream))
        return .waits
      }
      state.served[number] = Served(stream: stream)
      return .isServed
    }
    switch admission {
    case .isServed: begin(stream, number)
    case .waits: break
    case .tooLate: stream.close()
    }
  }

  private enum Admission {
    case isServed, waits, tooLate
  }

  /// One that waited has gone.
  private func forget(_ number: Number) {
    let gone = state.withLock { state in
      state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
    }
    guard gone != nil else { return }
    hasEnded.set()
    openGate()
  }

  private func openGate() { state.withLock { $0.listener }?.read() }

  // MARK: Serving

  /// Begins to serve a connection, on its event loop: the first steps are made here, without a change of thread.
  private func begin(_ stream: ChannelByteStream, _ number: Number) {
    let loop = stream.channel.eventLoop
    let executor = state.withLock { state in
      let known = state.executors[ObjectIdentifier(loop)]
      let executor = known ?? EventLoopExecutor(loop)
      state.executors[ObjectIdentifier(loop)] = executor
      return executor
    }
    let task = Task.immediate(executorPreference: executor) { [self] in
      await serve(TCPConnection(stream))
      end(number)
    }
    let isCancelled = state.withLock { state in
      state.served[number]?.task = task
      return state.isCancelling
    }
    if isCancelled { task.cancel() }
  }

  private func serve(_ connection: TCPConnection) async {
    defer { connection.close() }
    do { try await handler(connection) } catch {
      // A client that goes away is nothing to be told of.
      let level: Logger.Level = error is StreamError || error is WaitError ? .debug : .warning
      options.logger.log(
        level: level, "a connection ended with an error",
        metadata: ["remote": "\(connection.remote)", "error": "\(error)"])
    }
  }

  private func end(_ number: Number) {
    let (next, ended) = state.withLock { state in
      // The last reference to it is not released under the lock.
      let ended = state.served.removeValue(forKey: number)
      guard !state.isCancelling, !state.waiting.isEmpty else {
        return ((number: Number, stream: ChannelByteStream)?.none, ended)
      }
      let next = state.waiting.removeFirst()
      state.served[next.number] = Served(stream: next.stream)
      return (next, ended)
    }
    withExtendedLifetime(ended) {}
    hasEnded.set()
    if let next { next.stream.channel.eventLoop.execute { [self] in begin(next.stream, next.number) } }
    openGate()
  }

  // MARK: Ending

  /// Waits for those that are served, cancels them when the time has passed, or the task is cancelled, and waits until they
  /// have ended.
  func drain(within timeout: Duration) async {
    await withTaskCancellationHandler {
      if await waitUntilEmpty(until: MonotonicClock().now.advanced(by: timeout)) { return }
      cancel()
      _ = await waitUntilEmpty(until: nil)
    } onCancel: {
      cancel()
    }
  }

  private func cancel() {
    let (served, waiting) = state.withLock { state in
      state.isCancelling = true
      defer { state.waiting = [] }
      return (state.served.values, state.waiting)
    }
    for (_, stream) in waiting { stream.close() }
    for connection in served { connection.task?.cancel() }
    hasEnded.set()
  }

  /// Waits until nobody is served, and nobody waits; false when the deadline has come before. No cancellation ends it.
  private func waitUntilEmpty(until deadline: MonotonicClock.Instant?) async -> Bool {
    await Task { [self] in
      while true {
        let isEmpty = state.withLock { state in
          hasEnded.reset()
          return state.served.isEmpty && state.waiting.isEmpty
        }
        if isEmpty { return true }
        do { try await hasEnded.wait(until: deadline, MonotonicClock()) } catch { return false }
      }
    }.value
  }
}
