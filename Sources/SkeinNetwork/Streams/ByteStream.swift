public import NIOCore
public import SkeinSync

/// Bytes both ways, in their order: over a network, or within a process.
///
/// It is what a ``ByteReader`` and a ``ByteWriter`` stand on; programs use these. One reads at a time, and one writes.
public protocol ByteStream: AnyObject, Sendable {
  /// Takes what has come, and suspends the task while that is nothing.
  ///
  /// - Parameters:
  ///   - count: how many bytes to take at the most; positive.
  ///   - deadline: until when to wait; `nil` for no limit.
  ///   - clock: what measures it.
  /// - Returns: at least one byte; `nil` when the other side has ended its sending.
  /// - Throws: ``StreamError``; `WaitError.timedOut`, `WaitError.cancelled`.
  /// - Cancellation: nothing is lost.
  func read<C: DeadlineClock>(
    atMost count: Int, until deadline: C.Instant?, clock: C
  ) async throws -> ByteBuffer?

  /// Sends bytes, all of them, once not too many are on their way; suspends the task until then.
  ///
  /// - Throws: ``StreamError``; `WaitError.timedOut`, `WaitError.cancelled`, and nothing was sent.
  /// - Cancellation: nothing was sent.
  func write<C: DeadlineClock>(_ bytes: ByteBuffer, until deadline: C.Instant?, clock: C) async throws

  /// Ends the sending: the other side reads all that was sent, and then the end. Reading goes on. Ending it again changes
  /// nothing.
  ///
  /// - Throws: ``StreamError``.
  func endWriting() async throws

  /// Ends both ways at once: who reads or writes here gets ``StreamError/closed``. Closing again changes nothing.
  func close()
}
