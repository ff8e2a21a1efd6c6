internal import HTTPTypes
internal import NIOCore

/// How the client learns where the body of a response ends.
enum ResponseFraming: Hashable, Sendable {
  /// There is none, and no length is told.
  case none
  /// There is none, because it was asked for the head alone, or the status says so; it would have so many bytes, if known.
  case headOnly(length: Int?)
  case length(Int)
  case chunked
  /// By the end of the connection.
  case connectionEnd

  /// What is right for a response.
  ///
  /// - Source: RFC 9110, section 8.6; RFC 9112, section 6.3.
  init(status: HTTPResponse.Status, length: Int?, isHead: Bool, minorVersion: Int) {
    if status.kind == .informational || status == .noContent {
      self = .none
    } else if status == .notModified || isHead {
      self = .headOnly(length: status == .notModified ? nil : length)
    } else if let length {
      self = .length(length)
    } else {
      self = minorVersion == 0 ? .connectionEnd : .chunked
    }
  }

  var hasBody: Bool {
    switch self {
    case .none, .headOnly: false
    case .length, .chunked, .connectionEnd: true
    }
  }
}

/// What a response says of its connection.
enum ConnectionPromise: Hashable, Sendable {
  /// Nothing: it goes on, as is usual.
  case usual
  case keepAlive
  case close
}

/// Writes responses as bytes.
enum ResponseEncoder {
  /// Writes a head, its empty line included.
  static func write(
    _ response: Response, _ framing: ResponseFraming, _ promise: ConnectionPromise,
    to buffer: inout ByteBuffer
  ) {
    writeStatus(response.status, to: &buffer)
    buffer.writeStaticString("Date: ")
    buffer.writeString(HTTPDate.now)
    switch promise {
    case .usual: buffer.writeStaticString("\r\n")
    case .keepAlive: buffer.writeStaticString("\r\nConnection: keep-alive\r\n")
    case .close: buffer.writeStaticString("\r\nConnection: close\r\n")
    }
    for field in response.headers where !isOurs(field.name) {
      buffer.writeString(field.name.rawName)
      buffer.writeStaticString(": ")
      buffer.writeString(field.value)
      buffer.writeStaticString("\r\n")
    }
    switch framing {
    case .length(let length), .headOnly(let length?):
      buffer.writeStaticString("Content-Length: ")
      buffer.writeDecimal(length)
      buffer.writeStaticString("\r\n\r\n")
    case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n\r\n")
    case .none, .headOnly(nil), .connectionEnd: buffer.writeStaticString("\r\n")
    }
  }

  private static func writeStatus(_ status: HTTPResponse.Status, to buffer: inout ByteBuffer) {
    guard status.code != 200 else {
      buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
      return
    }
    buffer.writeStaticString("HTTP/1.1 ")
    // Three digits, always.
    buffer.writeDecimal(max(100, status.code))
    buffer.writeStaticString(" ")
    buffer.writeString(status.reasonPhrase)
    buffer.writeStaticString("\r\n")
  }

  /// What the server alone writes.
  private static func isOurs(_ name: HTTPField.Name) -> Bool {
    switch name.canonicalName.utf8.count {
    case 4: name == .date
    case 10: name == .connection
    case 14: name == .contentLength
    case 17: name == .transferEncoding
    default: false
    }
  }

  /// A chunk around bytes: what comes before them. CR LF comes behind.
  static func writeChunkSize(_ count: Int, to buffer: inout ByteBuffer) {
    buffer.writeString(String(count, radix: 16))
    buffer.writeStaticString("\r\n")
  }

  static let lastChunk: StaticString = "0\r\n\r\n"
}

extension ByteBuffer {
  /// Writes a number that is not negative in decimal digits.
  fileprivate mutating func writeDecimal(_ number: Int) {
    if number < 10 {
      writeInteger(UInt8(0x30 + number))
    } else {
      writeString(String(number))
    }
  }
}
