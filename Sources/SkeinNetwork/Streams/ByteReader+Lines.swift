internal import NIOCore
public import SkeinSync

extension ByteReader {
  /// Takes a line, without its end, which is LF or CR LF; suspends the task until it is there. The last one needs no end.
  ///
  /// - Parameters:
  ///   - limit: how many bytes it may have.
  ///   - timeout: how long to wait at the longest; `nil` is without limit.
  ///   - clock: what measures it.
  /// - Returns: the line; `nil` at the end.
  /// - Throws: ``StreamError``: ``StreamError/notText``, ``StreamError/tooLong(limit:)``; `WaitError`.
  public func readLine<C: DeadlineClock>(
    limit: Int = ByteReader.defaultLimit, timeout: Duration? = nil, clock: C = MonotonicClock()
  ) async throws -> String? {
    let bytes: ByteBuffer?
    do {
      bytes = try await read(until: [UInt8(ascii: "\n")], limit: limit, timeout: timeout, clock: clock)
    } catch StreamError.ended(let received, nil) {
      bytes = try await readExactly(received, timeout: timeout, clock: clock)
    }
    guard let bytes else { return nil }
    var view = bytes.readableBytesView[...]
    if view.last == UInt8(ascii: "\r") { view.removeLast() }
    guard let line = String(validating: view, as: UTF8.self) else { throw StreamError.notText }
    return line
  }

  /// The lines that come, without their ends.
  ///
  /// Iterating throws what ``readLine(limit:timeout:clock:)`` does.
  public var lines: Lines { Lines(reader: self) }

  /// The lines that come.
  public struct Lines: AsyncSequence, Sendable {
    let reader: ByteReader

    /// Goes on with the next line of the reader.
    public func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

    /// Takes line by line.
    public struct Iterator: AsyncIteratorProtocol {
      let reader: ByteReader

      /// The next line; `nil` at the end.
      public mutating func next() async throws -> String? { try await reader.readLine() }
    }
  }
}
