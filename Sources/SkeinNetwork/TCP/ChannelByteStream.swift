internal import Glibc
internal import NIOCore
internal import SkeinSync

/// The stream of a channel: what comes is kept until it is read, and when that is much, nothing more is taken from the socket.
///
/// - Invariant: bytes are given out in the order in which they came, each once.
final class ChannelByteStream: ByteStream, ChannelDuplexHandler, @unchecked Sendable {
  // Sendable because `context` is touched on the channel's event loop alone, and the rest is under the lock.

  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum End: Sendable {
    case ended
    case failed(StreamError)
  }

  private struct State: Sendable {
    var inbound = ByteBuffer()
    /// Whether the channel would read, but too much is here.
    var isReadHeld = false
    var end: End?
    var hasEndedWriting = false
    var isClosed = false
  }

  /// How many bytes wait to be read, before no more are taken from the socket.
  private static let inboundLimit = 1 << 16

  let channel: any Channel
  private let state = Lock(State(), internalTo: "ChannelByteStream")
  private let readable = Event(name: "bytes from the network")
  private let window = OutboundWindow()
  /// Is called on the event loop when the channel has become active, and when it is no more.
  private let onActive: @Sendable (ChannelByteStream) -> Void
  private let onInactive: @Sendable () -> Void

  init(
    _ channel: any Channel, onActive: @escaping @Sendable (ChannelByteStream) -> Void = { _ in },
    onInactive: @escaping @Sendable () -> Void = {}
  ) {
    self.channel = channel
    self.onActive = onActive
    self.onInactive = onInactive
  }

  // MARK: Reading

  func read<C: DeadlineClock>(
    atMost count: Int, until deadline: C.Instant?, clock: C
  ) async throws -> ByteBuffer? {
    while true {
      let (result, readsOn) = take(atMost: count)
      if readsOn { channel.read() }
      switch result {
      case .bytes(let bytes): return bytes
      case .end: return nil
      case .failure(let error): throw error
      case .nothing: try await readable.wait(until: deadline, clock)
      }
    }
  }

  private enum Taking {
    case bytes(ByteBuffer)
    case nothing
    case end
    case failure(StreamError)
  }

  private func take(atMost count: Int) -> (Taking, readsOn: Bool) {
    state.withLock { state in
      if state.isClosed { return (.failure(.closed), false) }
      guard state.inbound.readableBytes > 0 else {
        switch state.end {
        case .ended?: return (.end, false)
        case .failed(let error)?: return (.failure(error), false)
        case nil:
          readable.reset()
          return (.nothing, false)
        }
      }
      let bytes: ByteBuffer
      if count >= state.inbound.readableBytes {
        bytes = state.inbound
        state.inbound = ByteBuffer()
      } else {
        bytes = state.inbound.readSlice(length: count)!
      }
      let readsOn = state.isReadHeld && state.inbound.readableBytes < Self.inboundLimit / 2
      if readsOn { state.isReadHeld = false }
      return (.bytes(bytes), readsOn)
    }
  }

  // MARK: Writing

  func write<C: DeadlineClock>(_ bytes: ByteBuffer, until deadline: C.Instant?, clock: C) async throws {
    let count = bytes.readableBytes
    try await window.reserve(count, until: deadline, clock: clock)
    channel.writeAndFlush(bytes).whenComplete { [weak self] result in self?.note(result, of: count) }
  }

  /// The socket has taken bytes, or has not.
  private func note(_ result: Result<Void, any Error>, of count: Int) {
    if case .failure(let error) = result { fail(error) }
    window.release(count)
  }

  func endWriting() async throws {
    let (isClosed, isFirst) = state.withLock { state in
      defer { state.hasEndedWriting = true }
      return (state.isClosed, !state.hasEndedWriting)
    }
    if isClosed { throw StreamError.closed }
    guard isFirst else { return }
    window.end(.closed)
    // What was handed over before goes out first: where the other side has ended its direction, the channel closes as a whole
    // when this one ends, and drops what the socket has not taken yet.
    do {
      try await channel.writeAndFlush(ByteBuffer()).get()
      try await channel.close(mode: .output).get()
    } catch { throw StreamError(error) }
  }

  func close() {
    state.withLock { $0.isClosed = true }
    readable.set()
    window.end(.closed)
    channel.close(promise: nil)
  }

  // MARK: The channel's events

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    onActive(self)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    state.withLock { state in
      if state.inbound.readableBytes == 0 {
        state.inbound = bytes
      } else {
        state.inbound.discardReadBytes()
        state.inbound.writeBuffer(&bytes)
      }
    }
    readable.set()
  }

  func read(context: ChannelHandlerContext) {
    let isHeld = state.withLock { state in
      state.isReadHeld = state.inbound.readableBytes >= Self.inboundLimit
      return state.isReadHeld
    }
    if !isHeld { context.read() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { note(.ended) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    note(.ended)
    onInactive()
    context.fireChannelInactive()
  }

  private func fail(_ error: any Error) { note(.failed(StreamError(error))) }

  private func note(_ end: End) {
    state.withLock { state in
      // What went wrong first says most; but an end by which nothing was lost may yet become a failure.
      if case .failed? = state.end { return }
      state.end = end
    }
    readable.set()
    if case .failed(let error) = end { window.end(error) }
  }
}

extension StreamError {
  /// What NIO says of a connection.
  init(_ error: any Error) {
    switch error {
    case let error as IOError where ![ECONNRESET, EPIPE, ECONNABORTED].contains(error.errnoCode):
      self = .system(error.errnoCode)
    // What else it says is that the channel was closed under the caller's hands.
    default: self = .reset
    }
  }
}
