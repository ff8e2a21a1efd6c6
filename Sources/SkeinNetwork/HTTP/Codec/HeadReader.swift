internal import HTTPTypes
internal import NIOCore

/// Goes once over the bytes of a head.
struct HeadReader {
  let bytes: UnsafeRawBufferPointer
  private var place = 0
  private var method = HTTPRequest.Method.get
  private var target = Target()
  private var minorVersion = 1
  private var fieldsStart = 0

  private var host: String?
  private var length: Int?
  private var isChunked = false
  private var closes = false
  private var keepsAlive = false
  private var expectsContinue = false

  private struct Target {
    var path = ""
    var query: String?
    var authority: String?
  }

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next line, without its end.
  private mutating func nextLine() -> Slice<UnsafeRawBufferPointer> {
    let lineFeed = HTTPByte.lineFeed(in: bytes, from: place)!
    defer { place = lineFeed + 1 }
    return bytes[place..<lineFeed - 1]
  }

  // MARK: The first line

  mutating func readRequestLine() throws(HTTPError) {
    let line = nextLine()
    fieldsStart = place
    guard let first = line.firstIndex(of: HTTPByte.space), let last = line.lastIndex(of: HTTPByte.space),
      first < last
    else { throw .badRequest("the first line of the request is no “METHOD TARGET VERSION”") }
    minorVersion = try Self.version(line[(last + 1)...])
    method = try Self.method(line[..<first])
    target = try Self.target(line[(first + 1)..<last], of: method)
  }

  private static func version(_ bytes: Slice<UnsafeRawBufferPointer>) throws(HTTPError) -> Int {
    guard bytes.count == 8, "HTTP/".utf8.elementsEqual(bytes.prefix(5)),
      case let major = bytes[bytes.startIndex + 5], case let minor = bytes[bytes.startIndex + 7],
      bytes[bytes.startIndex + 6] == UInt8(ascii: "."), (0x30...0x39).contains(major),
      (0x30...0x39).contains(minor)
    else { throw .badRequest("the first line of the request does not end with a version of HTTP") }
    guard major == UInt8(ascii: "1") else {
      throw HTTPError(.httpVersionNotSupported, "this server speaks HTTP/1.1 and HTTP/1.0")
    }
    return min(1, Int(minor - 0x30))
  }

  private static func method(_ bytes: Slice<UnsafeRawBufferPointer>) throws(HTTPError) -> HTTPRequest.Method {
    if bytes.elementsEqual("GET".utf8) { return .get }
    guard HTTPByte.isToken(bytes),
      let method = HTTPRequest.Method(String(decoding: bytes, as: UTF8.self))
    else { throw .badRequest("the method of the request has characters that no method has") }
    if method == .connect { throw HTTPError(.notImplemented, "this server is no proxy") }
    return method
  }

  private static func target(
    _ bytes: Slice<UnsafeRawBufferPointer>, of method: HTTPRequest.Method
  ) throws(HTTPError) -> Target {
    guard HTTPByte.isTarget(bytes) else {
      throw .badRequest("the target of the request has characters that no target has")
    }
    guard bytes.first == UInt8(ascii: "/") else { return try otherTarget(bytes, of: method) }
    let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
    guard let path = String(validating: bytes[..<mark], as: UTF8.self) else {
      throw .badRequest("the path of the request is no UTF-8")
    }
    guard mark < bytes.endIndex else { return Target(path: path) }
    guard let query = String(validating: bytes[(mark + 1)...], as: UTF8.self) else {
      throw .badRequest("the query of the request is no UTF-8")
    }
    return Target(path: path, query: query)
  }

  /// A target that is a whole address, as a proxy gets it, or the server itself.
  private static func otherTarget(
    _ bytes: Slice<UnsafeRawBufferPointer>, of method: HTTPRequest.Method
  ) throws(HTTPError) -> Target {
    if method == .options, bytes.elementsEqual("*".utf8) { return Target(path: "*") }
    guard
      let scheme = ["http://", "https://"].first(where: {
        HTTPByte.matches(bytes.prefix($0.utf8.count), $0.utf8)
      })
    else { throw .badRequest("the target of the request is neither a path nor an address of http") }
    let rest = bytes.dropFirst(scheme.utf8.count)
    let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
    guard let authority = Self.authority(rest[..<end]), !authority.isEmpty else {
      throw .badRequest("the target of the request names no host")
    }
    var target = Target(path: "/")
    if rest[end...].first == UInt8(ascii: "/") {
      target = try Self.target(rest[end...], of: method)
    } else if end < rest.endIndex {
      target.query = String(validating: rest[(end + 1)...], as: UTF8.self)
    }
    target.authority = authority
    return target
  }

  /// A host, with a port or without; `nil` for what is none.
  private static func authority(_ bytes: Slice<UnsafeRawBufferPointer>) -> String? {
    let isHost = bytes.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"),
        UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"), UInt8(ascii: "!"), UInt8(ascii: "$"),
        UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"),
        UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
        true
      default: false
      }
    }
    return isHost ? String(decoding: bytes, as: UTF8.self) : nil
  }

  // MARK: The fields

  mutating func readFields(limit: Int) throws(HTTPError) {
    var count = 0
    while case let line = nextLine(), !line.isEmpty {
      count += 1
      guard count <= limit else {
        throw HTTPError(.requestHeaderFieldsTooLarge, "the request has more than \(limit) fields")
      }
      let (name, value) = try FieldLine.read(line)
      try note(name, value)
    }
  }

  /// Takes from a field what the connection has to know.
  private mutating func note(
    _ name: Slice<UnsafeRawBufferPointer>, _ value: Slice<UnsafeRawBufferPointer>
  ) throws(HTTPError) {
    switch name.count {
    case 4 where HTTPByte.matches(name, "host"): try noteHost(value)
    case 6 where HTTPByte.matches(name, "expect"): try noteExpectation(value)
    case 10 where HTTPByte.matches(name, "connection"): noteConnection(value)
    case 14 where HTTPByte.matches(name, "content-length"): try noteLength(value)
    case 17 where HTTPByte.matches(name, "transfer-encoding"): try noteEncoding(value)
    default: break
    }
  }

  private mutating func noteHost(_ value: Slice<UnsafeRawBufferPointer>) throws(HTTPError) {
    guard host == nil else { throw .badRequest("the request names two hosts") }
    guard let authority = Self.authority(value) else {
      throw .badRequest("the host of the request is none")
    }
    host = authority
  }

  private mutating func noteExpectation(_ value: Slice<UnsafeRawBufferPointer>) throws(HTTPError) {
    guard HTTPByte.matches(value, "100-continue") else {
      throw HTTPError(.expectationFailed, "the request expects something else than 100-continue")
    }
    expectsContinue = true
  }

  private mutating func noteConnection(_ value: Slice<UnsafeRawBufferPointer>) {
    for word in value.split(separator: UInt8(ascii: ",")) {
      let word = HTTPByte.trimmed(word)
      if HTTPByte.matches(word, "close") { closes = true }
      if HTTPByte.matches(word, "keep-alive") { keepsAlive = true }
    }
  }

  private mutating func noteLength(_ value: Slice<UnsafeRawBufferPointer>) throws(HTTPError) {
    guard length == nil else { throw .badRequest("the request has two lengths") }
    guard let number = HTTPByte.decimal(value) else {
      throw .badRequest("the length of the request is no number of bytes")
    }
    length = number
  }

  private mutating func noteEncoding(_ value: Slice<UnsafeRawBufferPointer>) throws(HTTPError) {
    guard !isChunked else { throw .badRequest("the request has two transfer encodings") }
    guard HTTPByte.matches(value, "chunked") else {
      throw HTTPError(.notImplemented, "the only transfer encoding that this server knows is chunked")
    }
    isChunked = true
  }

  // MARK: The whole

  func head(_ buffer: ByteBuffer) throws(HTTPError) -> RequestHead {
    if isChunked, length != nil {
      throw .badRequest("the request has both a length and a transfer encoding")
    }
    if isChunked, minorVersion == 0 { throw .badRequest("HTTP/1.0 has no transfer encoding") }
    guard host != nil || minorVersion == 0 else { throw .badRequest("the request names no host") }
    return RequestHead(
      method: method, path: target.path, query: target.query, authority: target.authority ?? host,
      minorVersion: minorVersion, headers: RequestHeaders(head: buffer, fieldsAt: fieldsStart),
      framing: isChunked ? .chunked : length.map { $0 == 0 ? .none : .length($0) } ?? .none,
      keepsAlive: !closes && (minorVersion == 1 || keepsAlive),
      // A client of HTTP/1.0 does not wait.
      expectsContinue: expectsContinue && minorVersion == 1)
  }
}
