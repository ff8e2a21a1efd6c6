internal import Logging
internal import NIOCore
internal import SkeinSync

/// The connections of a server: those that are served, and those that wait for a place.
///
/// - Invariant: no more are served than there are places, and none waits while there is one.
final class ServedConnections: Sendable {
  typealias Number = UInt64

  private struct State: Sendable {
    var served: [Number: any ServedConnection] = [:]
    /// In the order of coming.
    var waiting: [(number: Number, connection: any ServedConnection)] = []
    var lastNumber: Number = 0
    var listener: (any Channel)?
    /// Whether those that are in the middle of something are to end that.
    var isStopping = false
    /// Whether all are told to end.
    var isCancelling = false
    var executors: [ObjectIdentifier: EventLoopExecutor] = [:]
  }

  let places: Int
  let logger: Logger
  private let state = Lock(State(), internalTo: "ServedConnections")
  /// Is set when a connection has ended.
  private let hasEnded = Event(name: "end of a connection")

  /// - Parameters:
  ///   - places: how many are served at once.
  ///   - logger: where it is told that some could not be accepted.
  init(places: Int, logger: Logger) { (self.places, self.logger) = (places, logger) }

  /// Takes note of the listening channel, whose first connections may have ended by now.
  func listens(_ listener: any Channel) {
    state.withLock { $0.listener = listener }
    openGate()
  }

  // MARK: Accepting

  func makeGate() -> AcceptGate {
    AcceptGate(
      hasPlace: { [self] in state.withLock { $0.served.count + $0.waiting.count < places } },
      onTrouble: { [logger] number in
        logger.error(
          "a connection could not be accepted",
          metadata: ["error": "\(systemMessage(number))", "errno": "\(number)"])
      })
  }

  /// A number for a connection that was accepted.
  func makeNumber() -> Number {
    state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
  }

  /// Has a connection served, or wait for a place. On its event loop.
  func admit(_ connection: any ServedConnection, _ number: Number) {
    let admission = state.withLock { state -> Admission in
      if state.isCancelling { return .tooLate }
      guard state.served.count < places else {
        state.waiting.append((number, connection))
        return .waits
      }
      state.served[number] = connection
      return .isServed
    }
    switch admission {
    case .isServed: begin(connection, number)
    case .waits: break
    case .tooLate: connection.close()
    }
  }

  private enum Admission {
    case isServed, waits, tooLate
  }

  /// One that waited has gone.
  func forget(_ number: Number) {
    let gone = state.withLock { state in
      state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
    }
    guard gone != nil else { return }
    hasEnded.set()
    openGate()
  }

  private func openGate() { state.withLock { $0.listener }?.read() }

  // MARK: Serving

  private func begin(_ connection: any ServedConnection, _ number: Number) {
    let loop = connection.eventLoop
    let executor = state.withLock { state in
      let known = state.executors[ObjectIdentifier(loop)]
      let executor = known ?? EventLoopExecutor(loop)
      state.executors[ObjectIdentifier(loop)] = executor
      return executor
    }
    connection.begin(executor) { [self] in end(number) }
    let (isStopping, isCancelling) = state.withLock { ($0.isStopping, $0.isCancelling) }
    if isStopping { connection.stopWhenIdle() }
    if isCancelling { connection.cancel() }
  }

  private func end(_ number: Number) {
    let (next, ended) = state.withLock { state in
      // The last reference to it is not released under the lock.
      let ended = state.served.removeValue(forKey: number)
      guard !state.isCancelling, !state.waiting.isEmpty else {
        return ((number: Number, connection: any ServedConnection)?.none, ended)
      }
      let next = state.waiting.removeFirst()
      state.served[next.number] = next.connection
      return (next, ended)
    }
    withExtendedLifetime(ended) {}
    hasEnded.set()
    if let next { next.connection.eventLoop.execute { [self] in begin(next.connection, next.number) } }
    openGate()
  }

  // MARK: Ending

  /// Waits for those that are served, cancels them when the time has passed, or the task is cancelled, and waits until they
  /// have ended.
  func drain(within timeout: Duration) async {
    let served = state.withLock { state in
      state.isStopping = true
      return Array(state.served.values)
    }
    for connection in served { connection.stopWhenIdle() }
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
      return (Array(state.served.values), state.waiting)
    }
    for (_, connection) in waiting { connection.close() }
    for connection in served { connection.cancel() }
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
