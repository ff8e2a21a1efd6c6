internal import NIOCore
internal import SkeinSync

/// The body of a request while it comes: what has come waits here until the handler takes it.
///
/// - Invariant: bytes are given out in the order in which they came, each once.
final class RequestBodyStream: Sendable {
  private enum End: Sendable {
    case complete
    case failed(HTTPError)
  }

  private struct State: Sendable {
    var bytes = ByteBuffer()
    /// How many have come.
    var count = 0
    var end: End?
    var isWanted = false
  }

  /// As the client has told; `nil` for a body in chunks.
  let length: Int?
  private let state = Lock(State(), internalTo: "RequestBodyStream")
  private let readable = Event(name: "body of a request")
  /// Is called when a reader wants more than is here.
  private let onDemand: @Sendable () -> Void

  init(length: Int?, onDemand: @escaping @Sendable () -> Void) {
    (self.length, self.onDemand) = (length, onDemand)
  }

  // MARK: The connection's side

  /// How many bytes wait to be taken.
  var waitingBytes: Int { state.withLock { $0.bytes.readableBytes } }

  /// Whether a reader waits for more.
  var isWanted: Bool { state.withLock { $0.isWanted } }

  func put(_ bytes: ByteBuffer) {
    state.withLock { state in
      var bytes = bytes
      state.count += bytes.readableBytes
      state.isWanted = false
      if state.bytes.readableBytes == 0 {
        state.bytes = bytes
      } else {
        state.bytes.discardReadBytes()
        state.bytes.writeBuffer(&bytes)
      }
    }
    readable.set()
  }

  /// The body is complete.
  func finish() { end(.complete) }

  /// The body does not go on.
  func fail(_ error: HTTPError) { end(.failed(error)) }

  private func end(_ end: End) {
    state.withLock { if $0.end == nil { $0.end = end } }
    readable.set()
  }

  // MARK: The handler's side

  /// Takes what has come; `nil` at the end.
  func next(limit: Int) async throws -> ByteBuffer? {
    if let length, length > limit { throw HTTPError(tooLong: limit) }
    while true {
      let (result, isFirstDemand) = take(limit: limit)
      if isFirstDemand { onDemand() }
      if let result { return try result.get() }
      try await readable.wait()
    }
  }

  private func take(limit: Int) -> (Result<ByteBuffer?, HTTPError>?, isFirstDemand: Bool) {
    state.withLock { state in
      if state.count > limit { return (.failure(HTTPError(tooLong: limit)), false) }
      if state.bytes.readableBytes > 0 {
        defer { state.bytes = ByteBuffer() }
        // Reading from the socket may have been held back for what is taken now.
        return (.success(state.bytes), state.end == nil)
      }
      switch state.end {
      case .complete?: return (.success(nil), false)
      case .failed(let error)?: return (.failure(error), false)
      case nil:
        readable.reset()
        defer { state.isWanted = true }
        return (nil, !state.isWanted)
      }
    }
  }
}
