internal import Glibc
internal import Logging
internal import NIOCore
internal import SkeinSync

extension HTTPConnection {
  /// Up to how many bytes a body goes into one buffer with its head.
  private static let smallBody = 16 * 1024
  /// How much of a larger body, or a file, is handed over at once: so much has to be taken within the time for writing.
  private static let pieceSize = 512 * 1024

  /// Sends a response; suspends the task while the client is behind.
  func send(_ response: Response, _ number: UInt64) async {
    guard let framing = beginResponse(response, number) else { return }
    do {
      switch response.body.content {
      case .bytes(let bytes) where !framing.hasBody || bytes.readableBytes <= Self.smallBody:
        sendHead(framing.hasBody ? bytes : ByteBuffer())
      case .bytes(let bytes):
        sendHead()
        try await send(bytes)
      case .file(let file, let range):
        sendHead()
        if framing.hasBody { try await send(file, range) }
      case .stream(_, let body):
        sendHead()
        if framing.hasBody { try await send(body, framing) }
      }
      endResponse(number)
    } catch {
      // By this the client knows that something is missing.
      if !(error is StreamError || error is WaitError || error is CancellationError) {
        options.logger.error(
          "a response has broken off", metadata: logMetadata.merging(["error": "\(error)"]) { $1 })
      }
      closeNow()
    }
  }

  private func sendHead(_ body: ByteBuffer = ByteBuffer()) {
    outbound.writeImmutableBuffer(body)
    write(.byteBuffer(outbound))
    outbound = ByteBuffer()
  }

  private func send(_ bytes: ByteBuffer) async throws {
    var rest = bytes
    while rest.readableBytes > 0 {
      let piece = rest.readSlice(length: min(Self.pieceSize, rest.readableBytes))!
      try await window.reserve(piece.readableBytes, until: nil, clock: MonotonicClock())
      write(.byteBuffer(piece), count: piece.readableBytes)
    }
  }

  private func send(_ file: OpenFile, _ range: Range<Int>) async throws {
    var rest = range
    while !rest.isEmpty {
      let piece = rest.prefix(Self.pieceSize)
      rest = rest.dropFirst(piece.count)
      try await window.reserve(piece.count, until: nil, clock: MonotonicClock())
      // What is not there would be tried again and again.
      guard try file.status().st_size >= piece.upperBound else {
        window.release(piece.count)
        throw ResponseLengthError.fileTruncated
      }
      let handle = file.lend()
      let region = FileRegion(fileHandle: handle, readerIndex: piece.lowerBound, endIndex: piece.upperBound)
      write(.fileRegion(region), count: piece.count) { file.giveBack(handle) }
    }
  }

  private func send(
    _ body: @Sendable (BodyWriter) async throws -> Void, _ framing: ResponseFraming
  ) async throws {
    let stream = ResponseStream(self, framing)
    // A writer that was kept writes nothing into what comes after.
    defer { stream.close() }
    try await body(BodyWriter { try await stream.write($0) })
    try stream.end()
  }

  /// Writes what was counted in the window, and releases it there when the socket has taken it.
  func write(_ data: IOData, count: Int, _ onTaken: @escaping @Sendable () -> Void = {}) {
    let promise = eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { [self] result in
      onTaken()
      if case .failure(let error) = result { window.end(StreamError(error)) }
      window.release(count)
      waitForClient()
    }
    write(data, promise: promise)
    if timeouts[.write] == nil { waitForClient() }
    flush()
  }
}

/// The body of a response while it is written.
private final class ResponseStream: Sendable {
  private let connection: HTTPConnection
  private let isChunked: Bool
  private let state: Lock<State>

  private struct State: Sendable {
    /// How many bytes are still to be written; `nil` when that is not known.
    var remaining: Int?
    /// Whether nothing more is taken.
    var hasEnded = false
  }

  init(_ connection: HTTPConnection, _ framing: ResponseFraming) {
    self.connection = connection
    isChunked = framing == .chunked
    let length: Int? = if case .length(let length) = framing { length } else { nil }
    state = Lock(State(remaining: length), internalTo: "ResponseStream")
  }

  func write(_ bytes: ByteBuffer) async throws {
    let count = bytes.readableBytes
    // An empty chunk is the end.
    guard count > 0 else { return }
    try take(0)
    try await connection.window.reserve(count, until: nil, clock: MonotonicClock())
    do { try take(count) } catch {
      connection.window.release(count)
      throw error
    }
    let data = isChunked ? chunk(bytes) : bytes
    connection.onLoop { [self] connection in
      // It may have ended while another thread was on the way here.
      if state.withLock(\.hasEnded) { return connection.window.release(count) }
      connection.write(.byteBuffer(data), count: count)
    }
  }

  /// Counts bytes as written.
  private func take(_ count: Int) throws {
    let failure = state.withLock { state -> (any Error)? in
      guard !state.hasEnded else { return StreamError.closed }
      guard let remaining = state.remaining else { return nil }
      guard count <= remaining else { return ResponseLengthError.tooLong }
      state.remaining = remaining - count
      return nil
    }
    if let failure { throw failure }
  }

  private func chunk(_ bytes: ByteBuffer) -> ByteBuffer {
    var chunk = connection.channel.allocator.buffer(capacity: bytes.readableBytes + 12)
    ResponseEncoder.writeChunkSize(bytes.readableBytes, to: &chunk)
    chunk.writeImmutableBuffer(bytes)
    chunk.writeStaticString("\r\n")
    return chunk
  }

  /// Takes nothing any more.
  ///
  /// - Returns: how many bytes are missing.
  @discardableResult func close() -> Int {
    state.withLock { state in
      state.hasEnded = true
      return state.remaining ?? 0
    }
  }

  /// All has been written. On the event loop.
  func end() throws {
    let missing = close()
    guard missing == 0 else { throw ResponseLengthError.tooShort(missing: missing) }
    if isChunked { connection.write(.byteBuffer(ByteBuffer(staticString: ResponseEncoder.lastChunk))) }
  }
}

/// The body of a response was not as long as its head has told.
enum ResponseLengthError: Error, Hashable, CustomStringConvertible {
  case tooLong
  case tooShort(missing: Int)
  case fileTruncated

  var description: String {
    switch self {
    case .fileTruncated: "the file has become shorter while it was sent"
    case .tooLong: "more was written than the length of the response that was told"
    case .tooShort(let missing):
      "\(missing) bytes less were written than the length of the response that was told"
    }
  }
}
