internal import HTTPTypes
public import NIOCore

/// What comes behind the head of a request: taken as a whole, or piece by piece as it comes.
///
/// ```swift
/// for try await bytes in request.body { try file.write(bytes) }
/// ```
///
/// What is not taken is not read from the network either, beyond 64 KiB; once the response has been sent, it is thrown away,
/// and when that were much, the connection ends. A body is taken once.
public struct RequestBody: Sendable, AsyncSequence {
  /// What a body comes out of.
  enum Source: Sendable {
    case bytes(ByteBuffer)
    case stream(RequestBodyStream)
  }

  let source: Source
  /// How many bytes may come: a body that has more throws 413 where it is read. A middleware, or a handler, may change it.
  public var limit: Int

  init(_ source: Source, limit: Int) { (self.source, self.limit) = (source, limit) }

  /// Nothing.
  public static var empty: RequestBody { bytes(ByteBuffer()) }

  /// Bytes that are there.
  public static func bytes(_ bytes: ByteBuffer) -> RequestBody { RequestBody(.bytes(bytes), limit: .max) }

  /// A text as UTF-8.
  public static func text(_ text: String) -> RequestBody { bytes(ByteBuffer(string: text)) }

  /// How many bytes there are, as far as the client has told.
  public var length: Int? {
    switch source {
    case .bytes(let bytes): bytes.readableBytes
    case .stream(let stream): stream.length
    }
  }

  /// Takes all of it, within ``limit``; as ``collect(upTo:)``.
  ///
  /// - Throws: as ``collect(upTo:)``.
  public func collect() async throws -> ByteBuffer { try await collect(upTo: limit) }

  /// Takes all of it; suspends the task until it has come.
  ///
  /// - Parameter count: how many bytes may come; not more than ``limit`` in any case.
  /// - Throws: ``HTTPError``: 413 for a body that has more, before the rest of it has come; 408 for one that does not go on;
  ///   400 for one that is malformed, or ends too early. `WaitError.cancelled`.
  /// - Cancellation: what has come is lost.
  public func collect(upTo count: Int) async throws -> ByteBuffer {
    let limit = Swift.min(count, limit)
    switch source {
    case .bytes(let bytes):
      guard bytes.readableBytes <= limit else { throw HTTPError(tooLong: limit) }
      return bytes
    case .stream(let stream):
      var all = ByteBuffer()
      while var piece = try await stream.next(limit: limit) {
        if all.readableBytes == 0 { all = piece } else { all.writeBuffer(&piece) }
      }
      return all
    }
  }

  /// Goes over its pieces as they come.
  public func makeAsyncIterator() -> Iterator { Iterator(body: self) }

  /// Takes piece by piece.
  public struct Iterator: AsyncIteratorProtocol {
    private var body: RequestBody
    private var hasEnded = false

    init(body: RequestBody) { self.body = body }

    /// The next piece; suspends the task until it has come; `nil` at the end.
    ///
    /// - Throws: as ``RequestBody/collect(upTo:)``.
    public mutating func next() async throws -> ByteBuffer? {
      switch body.source {
      case .stream(let stream): return try await stream.next(limit: body.limit)
      case .bytes(let bytes):
        guard !hasEnded, bytes.readableBytes > 0 else { return nil }
        guard bytes.readableBytes <= body.limit else { throw HTTPError(tooLong: body.limit) }
        hasEnded = true
        return bytes
      }
    }
  }
}

extension HTTPError {
  init(tooLong limit: Int) {
    self.init(.contentTooLarge, "the body of the request has more than \(limit) bytes")
  }
}
