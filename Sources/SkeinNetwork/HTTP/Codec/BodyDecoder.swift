internal import NIOCore

/// Takes the body of a request out of what comes over a connection.
///
/// - Invariant: the bytes given out are those of the body, in their order, each once.
/// - Source: RFC 9112, sections 6 and 7.
struct BodyDecoder: Sendable {
  /// What has become of the bytes that came.
  enum Step: Hashable, Sendable {
    case bytes(ByteBuffer)
    case needsMore
    case end
  }

  private enum State: Hashable {
    /// So many bytes are left of the body.
    case counting(Int)
    case chunkSize
    /// So many bytes are left of a chunk.
    case chunk(Int)
    case chunkEnd
    case trailers
    case ended
  }

  /// A line with the size of a chunk, its extensions included, which nobody looks at.
  private static let sizeLimit = 256
  /// All lines behind the last chunk, which nobody looks at either.
  private static let trailerLimit = 8192

  private var state: State
  private var trailerBytes = 0
  /// How many bytes of sizes and extensions came beyond what is usual: nobody is made to read a kilobyte for each byte.
  private var overhead = 0

  init(_ framing: BodyFraming) {
    state =
      switch framing {
      case .none: .ended
      case .length(let count): count == 0 ? .ended : .counting(count)
      case .chunked: .chunkSize
      }
  }

  var hasEnded: Bool { state == .ended }

  /// How many bytes are to come at the least; `nil` when that is not known.
  var remaining: Int? {
    switch state {
    case .counting(let count): count
    case .ended: 0
    default: nil
    }
  }

  /// Takes what can be taken.
  ///
  /// - Throws: the answer to a body that is refused; the connection can not go on.
  mutating func next(_ buffer: inout ByteBuffer) throws(HTTPError) -> Step {
    while true {
      switch state {
      case .ended: return .end
      case .counting(let count):
        guard let bytes = buffer.readUpTo(count) else { return .needsMore }
        let rest = count - bytes.readableBytes
        state = rest == 0 ? .ended : .counting(rest)
        return .bytes(bytes)
      case .chunk(let count):
        guard let bytes = buffer.readUpTo(count) else { return .needsMore }
        let rest = count - bytes.readableBytes
        state = rest == 0 ? .chunkEnd : .chunk(rest)
        return .bytes(bytes)
      case .chunkSize: guard try readSize(&buffer) else { return .needsMore }
      case .chunkEnd: guard try readChunkEnd(&buffer) else { return .needsMore }
      case .trailers: guard try readTrailer(&buffer) else { return .needsMore }
      }
    }
  }

  private mutating func readSize(_ buffer: inout ByteBuffer) throws(HTTPError) -> Bool {
    guard let line = try buffer.readLine(limit: Self.sizeLimit) else { return false }
    guard let size = Self.size(line) else { throw .badRequest("the size of a chunk is no number") }
    overhead = max(0, overhead + line.readableBytes - 16 - 2 * min(size, 1 << 20))
    guard overhead <= 16 * 1024 else { throw .badRequest("the chunks of the body are more size than body") }
    state = size == 0 ? .trailers : .chunk(size)
    return true
  }

  /// The size in a line, behind which there may be extensions; `nil` when it is none.
  private static func size(_ line: ByteBuffer) -> Int? {
    let digits = line.readableBytesView.prefix { $0.hexDigit != nil }
    guard (1...15).contains(digits.count) else { return nil }
    let rest = line.readableBytesView.dropFirst(digits.count)
    let extensions = rest.drop { $0 == HTTPByte.space || $0 == HTTPByte.tab }
    guard rest.isEmpty || extensions.first == UInt8(ascii: ";"),
      rest.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == HTTPByte.tab })
    else { return nil }
    return digits.reduce(0) { $0 << 4 | Int($1.hexDigit!) }
  }

  private mutating func readChunkEnd(_ buffer: inout ByteBuffer) throws(HTTPError) -> Bool {
    guard let line = try buffer.readLine(limit: 0) else { return false }
    guard line.readableBytes == 0 else { throw .badRequest("a chunk is longer than its size") }
    state = .chunkSize
    return true
  }

  private mutating func readTrailer(_ buffer: inout ByteBuffer) throws(HTTPError) -> Bool {
    guard let line = try buffer.readLine(limit: Self.trailerLimit - trailerBytes) else { return false }
    guard line.readableBytes > 0 else {
      state = .ended
      return true
    }
    trailerBytes += line.readableBytes + 2
    let refusal = line.withUnsafeReadableBytes { bytes -> HTTPError? in
      do throws(HTTPError) {
        _ = try FieldLine.read(bytes[...])
        return nil
      } catch { return error }
    }
    if let refusal { throw refusal }
    return true
  }
}

extension UInt8 {
  /// Its value as a hexadecimal digit.
  var hexDigit: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }
}

extension ByteBuffer {
  /// Takes what is there, but not more than a number of bytes; `nil` when nothing is there.
  fileprivate mutating func readUpTo(_ count: Int) -> ByteBuffer? {
    readableBytes == 0 ? nil : readSlice(length: Swift.min(count, readableBytes))
  }

  /// Takes a line, without its end; `nil` when that has not come.
  fileprivate mutating func readLine(limit: Int) throws(HTTPError) -> ByteBuffer? {
    let lineFeed = withUnsafeReadableBytes { HTTPByte.lineFeed(in: $0, from: 0) }
    guard let lineFeed else {
      guard readableBytes <= limit + 1 else { throw .badRequest("a line of the body's framing is too long") }
      return nil
    }
    guard lineFeed <= limit + 1 else { throw .badRequest("a line of the body's framing is too long") }
    guard lineFeed > 0, getInteger(at: readerIndex + lineFeed - 1) == HTTPByte.carriageReturn else {
      throw .badRequest("a line ends with a line feed and no carriage return before it")
    }
    let line = readSlice(length: lineFeed - 1)
    moveReaderIndex(forwardBy: 2)
    return line
  }
}
