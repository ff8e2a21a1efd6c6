internal import FoundationEssentials
internal import SkeinWork

/// How messages between processes of one program are encoded.
let messageCodec = MessagePackCodec()

/// A message on its way out: its bytes, and the open files beside them.
struct EncodedMessage {
  let bytes: Data
  let descriptors: [OwnedDescriptor]

  /// - Parameter prefix: what its bytes begin with.
  init(_ message: some Encodable, behind prefix: [UInt8] = []) throws {
    let transfer = DescriptorTransfer()
    bytes = try transfer.encode(message, behind: prefix)
    descriptors = transfer.outgoing
  }
}

extension Frame {
  /// What the message says. The open files are taken, or closed.
  consuming func decode<Message: Decodable>(as type: Message.Type) throws -> Message {
    try DescriptorTransfer(received: descriptors).decode(type, from: bytes)
  }
}
