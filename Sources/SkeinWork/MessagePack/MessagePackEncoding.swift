/// Encodes the elements of an array.
struct MessagePackUnkeyedEncoding: UnkeyedEncodingContainer {
  let part: MessagePackPart
  let codingPath: [any CodingKey]
  var count: Int { part.count }

  func encodeNil() { part.append { $0.appendNil() } }
  func encode(_ value: Bool) { part.append { $0.append(value) } }
  func encode(_ value: String) { part.append { $0.append(value) } }
  func encode(_ value: Double) { part.append { $0.append(value) } }
  func encode(_ value: Float) { part.append { $0.append(value) } }
  func encode(_ value: Int) { part.append { $0.append(Int64(value)) } }
  func encode(_ value: Int8) { part.append { $0.append(Int64(value)) } }
  func encode(_ value: Int16) { part.append { $0.append(Int64(value)) } }
  func encode(_ value: Int32) { part.append { $0.append(Int64(value)) } }
  func encode(_ value: Int64) { part.append { $0.append(Int64(value)) } }
  func encode(_ value: UInt) { part.append { $0.append(UInt64(value)) } }
  func encode(_ value: UInt8) { part.append { $0.append(UInt64(value)) } }
  func encode(_ value: UInt16) { part.append { $0.append(UInt64(value)) } }
  func encode(_ value: UInt32) { part.append { $0.append(UInt64(value)) } }
  func encode(_ value: UInt64) { part.append { $0.append(UInt64(value)) } }
  func encode<Value: Encodable>(_ value: Value) throws {
    if let bytes = MessagePackEncoder.longBinary(value) { return part.appendPart().become(.binary(bytes)) }
    if let write = try MessagePackEncoder.plainForm(of: value) { return part.append(write) }
    let key = MessagePackKey(count)
    try value.encode(to: MessagePackEncoder(part.appendPart(), path: codingPath, key))
  }

  func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    let key = MessagePackKey(count)
    return MessagePackEncoder(part.appendPart(), path: codingPath, key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    let key = MessagePackKey(count)
    return MessagePackEncoder(part.appendPart(), path: codingPath, key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder {
    let key = MessagePackKey(count)
    return MessagePackEncoder(part.appendPart(), path: codingPath, key)
  }
}

/// Encodes the values of a map.
struct MessagePackKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let part: MessagePackPart
  let codingPath: [any CodingKey]

  func encodeNil(forKey key: Key) { part.set(key.stringValue) { $0.appendNil() } }
  func encode(_ value: Bool, forKey key: Key) { part.set(key.stringValue) { $0.append(value) } }
  func encode(_ value: String, forKey key: Key) { part.set(key.stringValue) { $0.append(value) } }
  func encode(_ value: Double, forKey key: Key) { part.set(key.stringValue) { $0.append(value) } }
  func encode(_ value: Float, forKey key: Key) { part.set(key.stringValue) { $0.append(value) } }
  func encode(_ value: Int, forKey key: Key) { part.set(key.stringValue) { $0.append(Int64(value)) } }
  func encode(_ value: Int8, forKey key: Key) { part.set(key.stringValue) { $0.append(Int64(value)) } }
  func encode(_ value: Int16, forKey key: Key) { part.set(key.stringValue) { $0.append(Int64(value)) } }
  func encode(_ value: Int32, forKey key: Key) { part.set(key.stringValue) { $0.append(Int64(value)) } }
  func encode(_ value: Int64, forKey key: Key) { part.set(key.stringValue) { $0.append(Int64(value)) } }
  func encode(_ value: UInt, forKey key: Key) { part.set(key.stringValue) { $0.append(UInt64(value)) } }
  func encode(_ value: UInt8, forKey key: Key) { part.set(key.stringValue) { $0.append(UInt64(value)) } }
  func encode(_ value: UInt16, forKey key: Key) { part.set(key.stringValue) { $0.append(UInt64(value)) } }
  func encode(_ value: UInt32, forKey key: Key) { part.set(key.stringValue) { $0.append(UInt64(value)) } }
  func encode(_ value: UInt64, forKey key: Key) { part.set(key.stringValue) { $0.append(UInt64(value)) } }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    if let bytes = MessagePackEncoder.longBinary(value) {
      return part.setPart(key.stringValue).become(.binary(bytes))
    }
    if let write = try MessagePackEncoder.plainForm(of: value) { return part.set(key.stringValue, write) }
    try value.encode(to: encoder(for: key))
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    encoder(for: key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder(for: key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { encoder(for: MessagePackKey("super")) }
  func superEncoder(forKey key: Key) -> any Encoder { encoder(for: key) }

  private func encoder(for key: some CodingKey) -> MessagePackEncoder {
    MessagePackEncoder(part.setPart(key.stringValue), path: codingPath, key)
  }
}

/// A key of a map or an array where no type of the user's has one.
enum MessagePackKey: CodingKey {
  case index(Int)
  case name(String)

  init(_ index: Int) { self = .index(index) }
  init(_ name: String) { self = .name(name) }
  init?(stringValue: String) { self = .name(stringValue) }
  init?(intValue: Int) { self = .index(intValue) }

  var stringValue: String {
    switch self {
    case .index(let index): "\(index)"
    case .name(let name): name
    }
  }

  var intValue: Int? { if case .index(let index) = self { index } else { nil } }
}
