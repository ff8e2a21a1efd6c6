public import FoundationEssentials

extension WorkCodec where Self == MessagePackCodec {
  /// The compact codec: MessagePack as other languages write it.
  public static var messagePack: MessagePackCodec { MessagePackCodec() }
}

/// [MessagePack](https://msgpack.org) in its smallest form: integers and lengths take as many bytes as they need. `Data`
/// and `[UInt8]` are binary, dates are timestamps. The keys of a map are sorted, so that equal values have equal
/// bytes.
///
/// Integers are decoded to any type that they fit in, and numbers to any type that has them exactly. Unknown keys are
/// passed over; of equal ones the last one counts. What is nested deeper than ``depthLimit``, is cut off, or has
/// something behind it is refused.
///
/// - Source: the MessagePack specification.
public struct MessagePackCodec: WorkCodec {
  /// How deep arrays and maps may be nested in what is decoded.
  public static let depthLimit = 512

  /// `application/vnd.msgpack`.
  public var contentType: String { "application/vnd.msgpack" }

  /// Creates the codec; all of them are alike.
  public init() {}

  /// Encodes a value.
  ///
  /// - Throws: `EncodingError` for a value that encodes nothing or a date that no timestamp has, and what its own encoding
  ///   throws.
  /// - Precondition: no text, no bytes, no array and no map has 2³² elements or more, which the format can not tell.
  /// - Complexity: O(bytes), and O(n log n) in the keys of each map that are not in order.
  public func encode(_ value: some Encodable) throws -> Data { try encode(value, behind: []) }

  /// Encodes a value behind other bytes.
  package func encode(_ value: some Encodable, behind prefix: some Collection<UInt8>) throws -> Data {
    let part = MessagePackPart()
    let encoder = MessagePackEncoder(part, path: [])
    try encoder.write(value)
    if case .empty = part.kind {
      throw EncodingError.invalidValue(
        value,
        .init(codingPath: [], debugDescription: "a value of the type \(type(of: value)) encodes nothing"))
    }
    var writer = MessagePackWriter()
    for byte in prefix { writer.append(byte: byte) }
    part.flatten(into: &writer)
    return writer.finish()
  }

  /// Decodes a value.
  ///
  /// - Throws: `DecodingError`, which names the place, and what the type's own decoding throws.
  /// - Complexity: O(bytes), for what is nested once for each level around it.
  public func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    try decode(type, from: data, isOwned: false)
  }

  /// Decodes a value from bytes that nobody else has, or looks at again: `Data` of 32 KiB or more that is most of them is a
  /// view of them, which keeps them alive, and changes them when it is changed.
  package func decode<Value: Decodable>(_ type: Value.Type, owning data: Data) throws -> Value {
    try decode(type, from: data, isOwned: true)
  }

  private func decode<Value: Decodable>(
    _ type: Value.Type, from data: Data, isOwned: Bool
  ) throws -> Value {
    try data.withUnsafeBytes { bytes in
      let cursor = MessagePackCursor(bytes, owner: isOwned ? data : nil)
      // The whole is well formed before a part of it is believed.
      let end = try cursor.end(ofValueAt: 0, path: [])
      guard end == bytes.count else {
        throw cursor.corrupted([], "\(bytes.count - end) bytes follow the value")
      }
      return try MessagePackDecoder(cursor, at: 0, path: []).read(type)
    }
  }
}
