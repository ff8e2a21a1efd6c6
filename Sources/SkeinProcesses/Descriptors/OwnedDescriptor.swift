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
