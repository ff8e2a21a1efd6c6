internal import SkeinSync
internal import Synchronization

/// One end of a line between two processes, or two parts of one, on which whole messages travel both ways.
///
/// ```swift
/// let (mine, theirs) = try Connection.makePair()
/// let child = try ChildProcess.start(Squares(connection: theirs))
/// theirs.close()
/// try mine.send(12)
/// let square = try mine.receive(Int.self)
/// ```
///
/// A message is any `Codable` value, or plain bytes. A connection, an ``OwnedDescriptor`` or shared memory may be a part
/// of one: the other process gets its own descriptor. Whole messages of several senders do not mix, and each is
/// received once. One process at a time receives from an end: what it has read ahead is its own.
///
/// The other end sees that this one has gone once all its copies are closed: close it here after it was sent to a child.
///
/// - Invariant: messages arrive whole and in the order in which they were sent.
/// - Source: behaviour after CPython's `multiprocessing.connection.Connection`.
public final class Connection: @unchecked Sendable {
  // Sendable because the reader and the spin budget are touched by the one alone who has the turn to receive.

  /// The most bytes that a message may have, unless another limit is given: 1 GiB.
  public static let defaultMessageLimit = 1 << 30

  /// The most bytes that a message may have.
  public let messageLimit: Int

  let socket: ClosableDescriptor
  let sendTurn = Semaphore(permits: 1)
  let receiveTurn = Semaphore(permits: 1)
  @exclusivity(unchecked) var reader: FrameReader
  @exclusivity(unchecked) var spinBudget = SpinBudget()
  /// Nothing can be sent any more: a message was left half written.
  let isCut = Atomic<Bool>(false)

  /// Takes over a connected stream socket, whose other end is a connection as well.
  ///
  /// - Parameters:
  ///   - descriptor: the socket.
  ///   - messageLimit: the most bytes that a message may have.
  ///   - name: what diagnosis calls it.
  public init(
    _ descriptor: OwnedDescriptor, messageLimit: Int = Connection.defaultMessageLimit, name: String? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.messageLimit = messageLimit
    reader = FrameReader(limit: messageLimit)
    let identity = ObjectIdentity("Connection", name: name, place: SourcePlace(file, line))
    socket = ClosableDescriptor(descriptor, identity: identity)
  }

  /// Makes a line with its two ends.
  ///
  /// - Parameters:
  ///   - messageLimit: the most bytes that a message may have.
  ///   - name: what diagnosis calls both.
  /// - Throws: ``ConnectionError/system(_:)`` when the process has no descriptors left.
  public static func makePair(
    messageLimit: Int = Connection.defaultMessageLimit, name: String? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) throws(ConnectionError) -> (Connection, Connection) {
    let (first, second) = try OwnedDescriptor.makeSocketPair()
    return (
      Connection(first, messageLimit: messageLimit, name: name, file: file, line: line),
      Connection(second, messageLimit: messageLimit, name: name, file: file, line: line)
    )
  }

  /// Whether this end was closed.
  public var isClosed: Bool { socket.current == nil }

  /// Closes this end: who waits here gets ``ConnectionError/closed``, and the other end, once it has received what was
  /// sent, ``ConnectionError/ended``. Closing again changes nothing.
  public func close() { socket.close() }

  /// Whether a thread or a task waits at this instant for this end to be ready.
  package var isWaitedFor: Bool { socket.isWaitedFor }

  /// The socket, to be held while it is used.
  func openSocket() throws(ConnectionError) -> OwnedDescriptor {
    guard let open = socket.current else { throw .closed }
    return open
  }
}

extension Connection: Codable {
  /// Sends this end along with the message that is being encoded: it belongs to both processes then, until one closes it.
  ///
  /// - Throws: `EncodingError` when what is encoded is no message to another process, when this end was closed, or when
  ///   a part of a message has been received, which would be lost.
  public func encode(to encoder: any Encoder) throws {
    guard receiveTurn.tryAcquire() else { throw Self.refusal(self, encoder, "is being received from") }
    defer { receiveTurn.release() }
    guard let open = socket.current else { throw Self.refusal(self, encoder, "was closed") }
    guard reader.isEmpty else { throw Self.refusal(self, encoder, "has received what was not taken yet") }
    try Sent(socket: open, messageLimit: messageLimit).encode(to: encoder)
  }

  /// Takes the end that came with a message.
  public convenience init(from decoder: any Decoder) throws {
    let sent = try Sent(from: decoder)
    self.init(sent.socket, messageLimit: sent.messageLimit)
  }

  private struct Sent: Codable {
    var socket: OwnedDescriptor
    var messageLimit: Int
  }

  private static func refusal(
    _ connection: Connection, _ encoder: any Encoder, _ reason: String
  ) -> EncodingError {
    .invalidValue(
      connection,
      .init(codingPath: encoder.codingPath, debugDescription: "a connection that \(reason) can not be sent"))
  }
}
