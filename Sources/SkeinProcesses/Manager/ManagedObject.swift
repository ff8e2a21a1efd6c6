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

/// What is in an answer. One that is not what was asked for is ``ConnectionError/malformed``.
extension ManagerReply {
  func bytes() throws(ConnectionError) -> Data? {
    guard case .value(let bytes) = self else { throw .malformed }
    return bytes
  }

  func values() throws(ConnectionError) -> [Data] {
    guard case .values(let values) = self else { throw .malformed }
    return values
  }

  func number() throws(ConnectionError) -> Int {
    guard case .number(let number) = self else { throw .malformed }
    return number
  }

  func outcome() throws(ConnectionError) -> Bool {
    guard case .outcome(let outcome) = self else { throw .malformed }
    return outcome
  }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value? {
    try bytes().map { try messageCodec.decode(type, owning: $0) }
  }

  /// Decodes a value that has to be there.
  func decodePresent<Value: Decodable>(_ type: Value.Type) throws -> Value {
    guard let value = try decode(type) else { throw ConnectionError.malformed }
    return value
  }

  func decodeAll<Value: Decodable>(_ type: Value.Type) throws -> [Value] {
    try values().map { try messageCodec.decode(type, owning: $0) }
  }
}
