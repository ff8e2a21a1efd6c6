internal import CSkein
internal import Glibc

/// An open file of this process, closed when nothing refers to it any more.
///
/// It is `Codable` for messages between processes alone: what travels is the open file itself, beside the message, and the
/// receiver gets a descriptor of its own. Encoding it for anything else is an error.
///
/// - Invariant: the descriptor is open, and nobody else closes it.
public final class OwnedDescriptor: Sendable {
  /// The descriptor, which stays owned by this object.
  public let rawValue: Int32

  /// Takes over an open descriptor.
  public init(owning rawValue: Int32) { self.rawValue = rawValue }

  deinit { _ = Glibc.close(rawValue) }

  /// Makes two connected stream sockets.
  static func makeSocketPair() throws(ConnectionError) -> (OwnedDescriptor, OwnedDescriptor) {
    var ends: [Int32] = [-1, -1]
    let failure = skein_socket_pair(&ends)
    guard failure == 0 else { throw .system(-failure) }
    return (OwnedDescriptor(owning: ends[0]), OwnedDescriptor(owning: ends[1]))
  }

  /// Lets who reads at the other end of the socket see the end.
  func endSending() { _ = shutdown(rawValue, Int32(SHUT_WR)) }
}

extension OwnedDescriptor: Codable {
  /// Puts the open file beside the message that is being encoded.
  ///
  /// - Throws: `EncodingError` when what is encoded is no message to another process.
  public func encode(to encoder: any Encoder) throws {
    guard let transfer = DescriptorTransfer.current else {
      throw EncodingError.invalidValue(
        self,
        .init(
          codingPath: encoder.codingPath,
          debugDescription: "an open file, or shared memory, can be sent to another process, but not stored"))
    }
    var container = encoder.singleValueContainer()
    try container.encode(transfer.add(self))
  }

  /// Takes the open file that came beside the message.
  ///
  /// - Throws: `DecodingError` when what is decoded is no message of another process, or the file did not come with it.
  public convenience init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let index = try container.decode(Int.self)
    guard let taken = DescriptorTransfer.current?.take(index) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "no open file number \(index) came with the message")
    }
    self.init(owning: taken)
  }
}

extension OwnedDescriptor {
  /// Makes the two ends of a line to another process.
  static func makeProcessLine() throws(ProcessError) -> (OwnedDescriptor, OwnedDescriptor) {
    do { return try makeSocketPair() } catch {
      if case .system(let number) = error { throw .outOfResources(number) }
      throw .outOfResources(EMFILE)
    }
  }

  /// Opens a descriptor that becomes readable when a process ends.
  convenience init(ofProcess processID: Int32) throws(ProcessError) {
    let descriptor = skein_open_process(processID)
    guard descriptor >= 0 else { throw .outOfResources(-descriptor) }
    self.init(owning: descriptor)
  }
}
