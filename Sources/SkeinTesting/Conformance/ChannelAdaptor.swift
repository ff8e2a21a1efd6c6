/// Both ends of a channel of integers, as ``exerciseChannel(forms:allowsRendezvous:limit:only:_:)`` uses them.
///
/// Closures map errors of the implementation's own to `WaitError`.
///
/// ```swift
/// let (sender, receiver) = makeChannel(of: Int.self, capacity: capacity)
/// let adaptor = ChannelAdaptor(
///   send: { try await sender.send($0) },
///   blockingSend: { try sender.send($0) },
///   trySend: { (try? sender.trySend($0)) ?? false },
///   receive: { try await receiver.receive() },
///   blockingReceive: { try receiver.receive() },
///   tryReceive: { try? receiver.tryReceive() },
///   close: { sender.close() },
///   waiterCount: { sender.waiterCount + receiver.waiterCount })
/// ```
public struct ChannelAdaptor: Sendable {
  private let send: @Sendable (Int) async throws -> Void
  private let blockingSend: @Sendable (Int) throws -> Void
  let trySend: @Sendable (Int) -> Bool
  private let receive: @Sendable () async throws -> Int?
  private let blockingReceive: @Sendable () throws -> Int?
  let tryReceive: @Sendable () -> Int?
  let close: @Sendable () -> Void
  let waiterCount: @Sendable () -> Int

  /// Creates an adaptor. A channel for one form of waiting alone gives the other one a trap.
  ///
  /// - Parameters:
  ///   - send: suspends the task until the element is in the channel; throws ``WaitError/closed`` once that
  ///     is closed.
  ///   - blockingSend: the same, and blocks the thread.
  ///   - trySend: sends if that needs no wait; returns whether it did.
  ///   - receive: suspends the task until there is an element; returns `nil`, or throws
  ///     ``WaitError/closed``, once the channel is closed and empty.
  ///   - blockingReceive: the same, and blocks the thread.
  ///   - tryReceive: receives an element if there is one.
  ///   - close: ends sending; what is inside can still be received.
  ///   - waiterCount: how many threads and tasks wait to send or to receive.
  public init(
    send: @escaping @Sendable (Int) async throws -> Void,
    blockingSend: @escaping @Sendable (Int) throws -> Void,
    trySend: @escaping @Sendable (Int) -> Bool,
    receive: @escaping @Sendable () async throws -> Int?,
    blockingReceive: @escaping @Sendable () throws -> Int?,
    tryReceive: @escaping @Sendable () -> Int?,
    close: @escaping @Sendable () -> Void,
    waiterCount: @escaping @Sendable () -> Int
  ) {
    self.send = send
    self.blockingSend = blockingSend
    self.trySend = trySend
    self.receive = receive
    self.blockingReceive = blockingReceive
    self.tryReceive = tryReceive
    self.close = close
    self.waiterCount = waiterCount
  }

  func send(_ element: Int, as form: WaitingForm) async throws {
    switch form {
    case .task: try await send(element)
    case .thread: try await onThread { [blockingSend] in try blockingSend(element) }
    }
  }

  /// Receives; `nil` when the channel is at its end, which the implementation may show by an error.
  func receive(as form: WaitingForm) async throws -> Int? {
    do {
      switch form {
      case .task: return try await receive()
      case .thread: return try await onThread { [blockingReceive] in try blockingReceive() }
      }
    } catch  where isClosed(error) {
      return nil
    }
  }

  /// Starts to send, and returns once that waits.
  func startSending(_ element: Int, as form: WaitingForm) async throws -> Task<Void, any Error> {
    try await startWaiting(waiterCount) { try await send(element, as: form) }
  }

  /// Starts to receive, and returns once that waits.
  func startReceiving(as form: WaitingForm) async throws -> Task<Int?, any Error> {
    try await startWaiting(waiterCount) { try await receive(as: form) }
  }
}
