internal import HTTPTypes
internal import NIOCore

/// Reads heads of requests from what comes over a connection.
///
/// What could be read in two ways, of which a proxy may have chosen the other, is refused: a line feed without a carriage
/// return, blanks before a colon, folded lines, two lengths.
///
/// - Source: RFC 9112, sections 2, 3, 5 and 6; RFC 9110, sections 5, 7.2 and 10.1.1.
struct RequestParser: Sendable {
  let limits: HeadLimits
  /// Where the line begins whose end is not there yet.
  private var lineStart = 0
  /// Up to where its end was looked for.
  private var searched = 0
  private var hasSkippedEmptyLine = false

  init(limits: HeadLimits = HeadLimits()) { self.limits = limits }

  /// Takes a head, if it is there as a whole.
  ///
  /// - Parameter buffer: what has come: the same, with more behind it, as in the call before that took nothing.
  /// - Returns: `nil` when more is to come.
  /// - Throws: the answer to a head that is refused; the connection can not go on.
  /// - Complexity: O(new bytes), and O(head) once it is whole.
  mutating func parse(_ buffer: inout ByteBuffer) throws(HTTPError) -> RequestHead? {
    guard let length = try findEnd(&buffer) else { return nil }
    (lineStart, searched, hasSkippedEmptyLine) = (0, 0, false)
    let bytes = buffer.readSlice(length: length)!
    let fieldLimit = limits.fields
    let result = bytes.withUnsafeReadableBytes { raw -> Result<RequestHead, HTTPError> in
      Result { () throws(HTTPError) in
        var reader = HeadReader(bytes: raw)
        try reader.readRequestLine()
        try reader.readFields(limit: fieldLimit)
        return try reader.head(bytes)
      }
    }
    return try result.get()
  }

  /// How long the head is, its empty line included.
  private mutating func findEnd(_ buffer: inout ByteBuffer) throws(HTTPError) -> Int? {
    while true {
      let lineFeed = buffer.withUnsafeReadableBytes { HTTPByte.lineFeed(in: $0, from: searched) }
      guard let lineFeed else {
        searched = buffer.readableBytes
        try checkLength(searched, isInFirstLine: lineStart == 0)
        return nil
      }
      try checkLength(lineFeed + 1, isInFirstLine: lineStart == 0)
      let isEnded = buffer.withUnsafeReadableBytes {
        lineFeed > lineStart && $0[lineFeed - 1] == HTTPByte.carriageReturn
      }
      guard isEnded else {
        throw .badRequest("a line ends with a line feed and no carriage return before it")
      }
      let isEmpty = lineFeed == lineStart + 1
      (lineStart, searched) = (lineFeed + 1, lineFeed + 1)
      guard isEmpty else { continue }
      guard lineFeed == 1 else { return lineFeed + 1 }
      // Some clients end a body with a line of their own.
      guard !hasSkippedEmptyLine else { throw .badRequest("the request begins with empty lines") }
      hasSkippedEmptyLine = true
      buffer.moveReaderIndex(forwardBy: 2)
      (lineStart, searched) = (0, 0)
    }
  }

  private func checkLength(_ length: Int, isInFirstLine: Bool) throws(HTTPError) {
    if isInFirstLine, length > limits.requestLine {
      throw HTTPError(.uriTooLong, "the first line of the request has more than \(limits.requestLine) bytes")
    }
    guard length <= limits.head else {
      throw HTTPError(
        .requestHeaderFieldsTooLarge, "the head of the request has more than \(limits.head) bytes")
    }
  }
}
