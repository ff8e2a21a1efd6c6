public import NIOCore
internal import NIOPosix
internal import SkeinSync

/// What comes behind the head of a response.
public struct ResponseBody: Sendable {
  enum Content: Sendable {
    case bytes(ByteBuffer)
    case stream(length: Int?, @Sendable (BodyWriter) async throws -> Void)
    case file(OpenFile, Range<Int>)
  }

  var content: Content

  /// Nothing.
  public static var empty: ResponseBody { bytes(ByteBuffer()) }

  /// Bytes.
  public static func bytes(_ bytes: ByteBuffer) -> ResponseBody { ResponseBody(content: .bytes(bytes)) }

  /// A text as UTF-8.
  public static func text(_ text: String) -> ResponseBody { bytes(ByteBuffer(string: text)) }

  /// What a function writes, once the head has been sent.
  ///
  /// ```swift
  /// .stream { writer in
  ///   for line in lines { try await writer.write(line + "\n") }
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - length: how many bytes that will be; `nil` when it is not known: it is sent in chunks then. What is written beyond
  ///     the length is an error for the writer, and less breaks the connection off.
  ///   - body: writes; it is cancelled when the client goes away. When it throws, the connection is broken off, by which the
  ///     client knows that something is missing.
  public static func stream(
    length: Int? = nil, _ body: @escaping @Sendable (BodyWriter) async throws -> Void
  ) -> ResponseBody {
    ResponseBody(content: .stream(length: length, body))
  }

  /// A part of a file, which the system sends without copying it into the process.
  static func file(_ file: OpenFile, _ range: Range<Int>) -> ResponseBody {
    ResponseBody(content: .file(file, range))
  }

  /// All of it, as a client would get it: for a test of a handler in memory.
  ///
  /// - Throws: what writes it throws; ``StreamError/system(_:)`` for a file that can not be read.
  public func collect() async throws -> ByteBuffer {
    if case .bytes(let bytes) = content { return bytes }
    let all = Lock(ByteBuffer(), internalTo: "ResponseBody")
    try await read { bytes in _ = all.withLock { $0.writeImmutableBuffer(bytes) } }
    return all.withLock { $0 }
  }

  /// Piece by piece as it is written, as a client would get it: for a test of a handler in memory whose body does not end by
  /// itself.
  ///
  /// - Parameter take: is given the pieces, one after the other; what writes them waits for it.
  /// - Throws: as ``collect()``, and what `take` throws.
  public func read(_ take: @escaping @Sendable (ByteBuffer) async throws -> Void) async throws {
    switch content {
    case .bytes(let bytes): try await take(bytes)
    case .file(let file, let range):
      try await take(NIOThreadPool.singleton.runIfActive { try file.read(range) })
    case .stream(_, let write): try await write(BodyWriter(take))
    }
  }

  /// How many bytes there are, if that is known.
  public var length: Int? {
    switch content {
    case .bytes(let bytes): bytes.readableBytes
    case .stream(let length, _): length
    case .file(_, let range): range.count
    }
  }
}

/// Takes the body of a response piece by piece.
public struct BodyWriter: Sendable {
  private let send: @Sendable (ByteBuffer) async throws -> Void

  /// Creates a writer that hands what it gets to a function: for a middleware that changes what is written.
  public init(_ send: @escaping @Sendable (ByteBuffer) async throws -> Void) { self.send = send }

  /// Sends bytes; suspends the task while the client, or the network, is behind.
  ///
  /// - Throws: ``StreamError``; `WaitError.cancelled`.
  /// - Cancellation: nothing of it was sent.
  public func write(_ bytes: ByteBuffer) async throws { try await send(bytes) }

  /// Sends a text as UTF-8; as `write` of bytes.
  public func write(_ text: String) async throws { try await send(ByteBuffer(string: text)) }
}
