internal import FoundationEssentials
internal import SkeinWork

/// An object that lives in the process of a ``SharedManager``. What this process has is a proxy: it can be sent to other
/// processes, and all of them work on the same object.
///
/// What does not wait for others takes a round trip to the manager, some microseconds, and blocks the thread for that long.
public protocol ManagedObject: Codable, Sendable {
  /// What the proxy knows of the object.
  var reference: ManagedReference { get }
}

/// Which object of which manager a proxy stands for.
///
/// It can be a part of a message to another process, and of nothing else.
public struct ManagedReference: Codable, Sendable {
  let client: ManagerClient
  let id: ManagedID

  init(_ client: ManagerClient, _ id: ManagedID) {
    self.client = client
    self.id = id
  }

  private struct Sent: Codable {
    var door: OwnedDescriptor
    var id: ManagedID
  }

  /// Takes the reference that came with a message.
  public init(from decoder: any Decoder) throws {
    let sent = try Sent(from: decoder)
    self.init(ManagerClients.client(for: sent.door), sent.id)
  }

  /// Puts the reference into the message that is being encoded.
  ///
  /// - Throws: `EncodingError` when what is encoded is no message to another process.
  public func encode(to encoder: any Encoder) throws {
    try Sent(door: client.door, id: id).encode(to: encoder)
  }
}

extension ManagedObject {
  /// Removes the object from its manager: whoever uses it from then on, or waits for it, gets
  /// ``ManagerError/noSuchObject``.
  ///
  /// - Throws: ``ManagerError``.
  public func removeFromManager() throws { _ = try reference.client.ask(.remove(reference.id)) }
}

/// Answers that are not what was asked for come from a manager of another build alone, and processes of different builds
/// do not get that far.
func mismatch(_ reply: ManagerReply) -> Never { fatalError("a manager answers what was not asked: \(reply)") }

extension ManagerReply {
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value? {
    guard case .value(let bytes) = self else { mismatch(self) }
    return try bytes.map { try messageCodec.decode(type, from: $0) }
  }

  func decodeAll<Value: Decodable>(_ type: Value.Type) throws -> [Value] {
    guard case .values(let values) = self else { mismatch(self) }
    return try values.map { try messageCodec.decode(type, from: $0) }
  }

  var number: Int {
    guard case .number(let number) = self else { mismatch(self) }
    return number
  }

  var outcome: Bool {
    guard case .outcome(let outcome) = self else { mismatch(self) }
    return outcome
  }
}
