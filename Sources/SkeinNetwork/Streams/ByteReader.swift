public import NIOCore
public import SkeinSync

/// The half of a connection that is read from: some bytes, an exact number, up to a separator, line by line.
///
/// ```swift
/// let length = try await reader.readExactly(4).getInteger(at: 0, as: UInt32.self)!
/// let body = try await reader.readExactly(Int(length), timeout: .seconds(5))
/// for try await line in reader.lines { print(line) }
/// ```
///
/// What a read that failed has taken from the stream stays for the next one: a timeout or a cancellation loses nothing.
/// Several tasks may read: one after the other, in the order of asking.
public final class ByteReader: Sendable {
  /// The most bytes that are searched for a separator, unless another limit is given: 64 KiB.
  public static let defaultLimit = 1 << 16

  private let stream: any ByteStream
  private let turn = Semaphore(permits: 1, name: "reader")
  /// What has come and was not taken yet. It is touched by the one alone who has the turn.
  private let rest = Lock(ByteBuffer(), internalTo: "ByteReader")

  /// Reads from a stream, from which nobody else is to read.
  public init(_ stream: any ByteStream) { self.stream = stream }

  /// Takes what has come; suspends the task while that is nothing.
  ///
  /// - Parameters:
  ///   - count: how many bytes to take at the most.
  ///   - timeout: how long to wait at the longest; `nil` is without limit.
  ///   - clock: what measures it.
  /// - Returns: at least one byte; `nil` at the end.
  /// - Throws: ``StreamError``; `WaitError`.
  /// - Precondition: `count` is positive.
  public func read<C: DeadlineClock>(
    atMost count: Int = 1 << 16, timeout: Duration? = nil, clock: C = MonotonicClock()
  ) async throws -> ByteBuffer? {
    precondition(count > 0, "a read of \(count) bytes takes nothing")
    return try await inTurn(timeout, clock) { deadline in
      if let bytes = take(atMost: count) { return bytes }
      return try await stream.read(atMost: count, until: deadline, clock: clock)
    }
  }

  /// Takes so many bytes; suspends the task until they are there.
  ///
  /// - Parameters:
  ///   - count: how many; zero or more.
  ///   - timeout: how long to wait for all of them at the longest; `nil` is without limit.
  ///   - clock: what measures it.
  /// - Throws: ``StreamError``, ``StreamError/ended(received:expected:)`` when the end comes before; `WaitError`.
  public func readExactly<C: DeadlineClock>(
    _ count: Int, timeout: Duration? = nil, clock: C = MonotonicClock()
  ) async throws -> ByteBuffer {
    try await inTurn(timeout, clock) { deadline in
      while true {
        let (bytes, held) = rest.withLock { rest in
          (rest.readableBytes >= count ? rest.readSlice(length: count) : nil, rest.readableBytes)
        }
        if let bytes { return bytes }
        guard try await fill(atMost: max(1 << 16, count - held), deadline, clock) else {
          throw StreamError.ended(received: held, expected: count)
        }
      }
    }
  }

  /// Takes everything up to a separator, which is taken too and not returned; suspends the task until it is there.
  ///
  /// - Parameters:
  ///   - separator: not empty.
  ///   - limit: how many bytes may stand before it.
  ///   - timeout: how long to wait at the longest; `nil` is without limit.
  ///   - clock: what measures it.
  /// - Returns: what stood before the separator; `nil` at the end, if nothing stood before that.
  /// - Throws: ``StreamError``: ``StreamError/tooLong(limit:)``, ``StreamError/ended(received:expected:)`` when something
  ///   stands before the end and no separator; `WaitError`.
  /// - Complexity: O(bytes · separator).
  public func read<C: DeadlineClock>(
    until separator: some Collection<UInt8> & Sendable, limit: Int = ByteReader.defaultLimit,
    timeout: Duration? = nil,
    clock: C = MonotonicClock()
  ) async throws -> ByteBuffer? {
    let separator = Array(separator)
    precondition(!separator.isEmpty, "an empty separator stands everywhere")
    return try await inTurn(timeout, clock) { deadline in
      var searched = 0
      while true {
        let (found, held) = rest.withLock { ($0.find(separator, from: searched), $0.readableBytes) }
        if let found, found <= limit {
          return rest.withLock { rest in
            let bytes = rest.readSlice(length: found)
            rest.moveReaderIndex(forwardBy: separator.count)
            return bytes
          }
        }
        guard found == nil, held < limit + separator.count else { throw StreamError.tooLong(limit: limit) }
        searched = max(0, held - separator.count + 1)
        guard try await fill(atMost: 1 << 16, deadline, clock) else {
          if held == 0 { return nil }
          throw StreamError.ended(received: held, expected: nil)
        }
      }
    }
  }

  /// Takes everything until the end; suspends the task until that.
  ///
  /// - Parameters:
  ///   - limit: how many bytes may come.
  ///   - timeout: how long to wait at the longest; `nil` is without limit.
  ///   - clock: what measures it.
  /// - Throws: ``StreamError``: ``StreamError/tooLong(limit:)``; `WaitError`.
  public func readToEnd<C: DeadlineClock>(
    limit: Int, timeout: Duration? = nil, clock: C = MonotonicClock()
  ) async throws -> ByteBuffer {
    try await inTurn(timeout, clock) { deadline in
      repeat {
        if rest.withLock({ $0.readableBytes }) > limit { throw StreamError.tooLong(limit: limit) }
      } while try await fill(atMost: 1 << 16, deadline, clock)
      return take(atMost: .max) ?? ByteBuffer()
    }
  }

  // MARK: Performing

  private func inTurn<C: DeadlineClock, Result>(
    _ timeout: Duration?, _ clock: C, _ body: (C.Instant?) async throws -> Result
  ) async throws -> Result {
    let deadline = timeout.map { clock.now.advanced(by: $0) }
    try await turn.acquire(until: deadline, clock)
    defer { turn.release() }
    return try await body(deadline)
  }

  private func take(atMost count: Int) -> ByteBuffer? {
    rest.withLock { rest in
      guard rest.readableBytes > 0 else { return nil }
      return rest.readSlice(length: min(count, rest.readableBytes))
    }
  }

  /// Takes more from the stream; false at its end.
  private func fill<C: DeadlineClock>(
    atMost count: Int, _ deadline: C.Instant?, _ clock: C
  ) async throws -> Bool {
    guard var more = try await stream.read(atMost: count, until: deadline, clock: clock) else { return false }
    rest.withLock { rest in
      if rest.readableBytes == 0 {
        rest = more
      } else {
        rest.discardReadBytes()
        rest.writeBuffer(&more)
      }
    }
    return true
  }
}

extension ByteBuffer {
  /// How many bytes stand before a separator, which is looked for from a place on; `nil` when it is not there.
  fileprivate func find(_ separator: [UInt8], from start: Int) -> Int? {
    withUnsafeReadableBytes { bytes in
      guard bytes.count >= separator.count else { return nil }
      var place = min(start, bytes.count)
      while let first = bytes[place...].firstIndex(of: separator[0]), first + separator.count <= bytes.count {
        if bytes[first..<first + separator.count].elementsEqual(separator) { return first }
        place = first + 1
      }
      return nil
    }
  }
}
