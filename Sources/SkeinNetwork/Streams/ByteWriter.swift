public import NIOCore
public import SkeinSync

/// The half of a connection that is written to.
///
/// ```swift
/// try await writer.write("HELO skein\r\n", timeout: .seconds(5))
/// ```
///
/// What several tasks write does not mix: each write goes as a whole, in the order of asking.
public final class ByteWriter: Sendable {
  private let stream: any ByteStream
  private let turn = Semaphore(permits: 1, name: "writer")

  /// Writes to a stream, to which nobody else is to write.
  public init(_ stream: any ByteStream) { self.stream = stream }

  /// Sends bytes; suspends the task while the other side, or the network, is behind with what was sent before.
  ///
  /// - Parameters:
  ///   - bytes: what to send.
  ///   - timeout: how long to wait at the longest; `nil` is without limit.
  ///   - clock: what measures it.
  /// - Throws: ``StreamError``, also for what became of earlier bytes; `WaitError`, and nothing was sent.
  /// - Cancellation: nothing was sent.
  public func write<C: DeadlineClock>(
    _ bytes: ByteBuffer, timeout: Duration? = nil, clock: C = MonotonicClock()
  ) async throws {
    let deadline = timeout.map { clock.now.advanced(by: $0) }
    try await turn.acquire(until: deadline, clock)
    defer { turn.release() }
    try await stream.write(bytes, until: deadline, clock: clock)
  }

  /// Sends a text as UTF-8; as `write` of bytes.
  ///
  /// - Throws: ``StreamError``; `WaitError`.
  public func write<C: DeadlineClock>(
    _ text: String, timeout: Duration? = nil, clock: C = MonotonicClock()
  ) async throws {
    try await write(ByteBuffer(string: text), timeout: timeout, clock: clock)
  }

  /// Ends the sending: the other side reads all that was sent, and then the end. Reading goes on.
  ///
  /// - Throws: ``StreamError``; `WaitError.cancelled` before its turn.
  public func end() async throws {
    try await turn.acquire()
    defer { turn.release() }
    try await stream.endWriting()
  }
}
