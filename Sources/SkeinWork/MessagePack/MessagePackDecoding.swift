extension MessagePackDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { if case .null? = try? head { true } else { false } }
  func decode(_ type: Bool.Type) throws -> Bool { try bool() }
  func decode(_ type: String.Type) throws -> String { try text() }
  func decode(_ type: Double.Type) throws -> Double { try float(type) }
  func decode(_ type: Float.Type) throws -> Float { try float(type) }
  func decode(_ type: Int.Type) throws -> Int { try integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try read(type) }
}

/// Decodes the elements of an array, one after the other.
struct MessagePackUnkeyedDecoding: UnkeyedDecodingContainer {
  private let cursor: MessagePackCursor
  let codingPath: [any CodingKey]
  let count: Int?
  private(set) var currentIndex = 0
  private var offset: Int

  init(_ decoder: MessagePackDecoder) throws {
    let (head, next) = try decoder.cursor.head(at: decoder.offset, path: decoder.codingPath)
    guard case .array(let count) = head else { throw decoder.mismatch([Any].self, head) }
    (cursor, codingPath, self.count, offset) = (decoder.cursor, decoder.codingPath, count, next)
  }

  var isAtEnd: Bool { currentIndex >= count! }

  /// Decodes the next element; one that is refused stays the next.
  private mutating func next<Value>(_ read: (MessagePackDecoder) throws -> Value) throws -> Value {
    let decoder = MessagePackDecoder(cursor, at: offset, path: codingPath, MessagePackKey(currentIndex))
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        Value.self,
        .init(codingPath: decoder.codingPath, debugDescription: "the array has \(count!) elements"))
    }
    let value = try read(decoder)
    offset = try cursor.end(ofValueAt: offset, path: codingPath)
    currentIndex += 1
    return value
  }

  mutating func decodeNil() throws -> Bool {
    let head = isAtEnd ? nil : try cursor.head(at: offset, path: codingPath).0
    guard case .null? = head else { return false }
    return try next { $0.decodeNil() }
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool { try next { try $0.bool() } }
  mutating func decode(_ type: String.Type) throws -> String { try next { try $0.text() } }
  mutating func decode(_ type: Double.Type) throws -> Double { try next { try $0.float(type) } }
  mutating func decode(_ type: Float.Type) throws -> Float { try next { try $0.float(type) } }
  mutating func decode(_ type: Int.Type) throws -> Int { try next { try $0.integer(type) } }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try next { try $0.integer(type) } }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try next { try $0.integer(type) } }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try next { try $0.integer(type) } }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try next { try $0.integer(type) } }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try next { try $0.integer(type) } }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try next { try $0.integer(type) } }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try next { try $0.integer(type) } }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try next { try $0.integer(type) } }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try next { try $0.integer(type) } }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try next { try $0.read(type) }
  }

  mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key>
  {
    try next { try $0.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next { try $0.unkeyedContainer() }
  }

  mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}

/// Decodes the values of a map by their keys.
struct MessagePackKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let cursor: MessagePackCursor
  let codingPath: [any CodingKey]
  /// Where the value of each key stands.
  private var offsets: [String: Int] = [:]

  init(_ decoder: MessagePackDecoder) throws {
    (cursor, codingPath) = (decoder.cursor, decoder.codingPath)
    var (head, next) = try cursor.head(at: decoder.offset, path: codingPath)
    guard case .map(let count) = head else { throw decoder.mismatch([String: Any].self, head) }
    // What is announced is there: the whole has been read to its end.
    offsets.reserveCapacity(count)
    for _ in 0..<count {
      let key = MessagePackDecoder(cursor, at: next, path: codingPath)
      next = try cursor.end(ofValueAt: next, path: codingPath)
      offsets[try Self.name(key)] = next
      next = try cursor.end(ofValueAt: next, path: codingPath)
    }
  }

  /// A text, or a number as Swift's dictionaries have it.
  private static func name(_ key: MessagePackDecoder) throws -> String {
    switch try key.head {
    case .signed(let number): "\(number)"
    case .unsigned(let number): "\(number)"
    default: try key.text()
    }
  }

  var allKeys: [Key] { offsets.keys.compactMap { Key(stringValue: $0) } }
  func contains(_ key: Key) -> Bool { offsets[key.stringValue] != nil }

  private func decoder(for key: some CodingKey) throws -> MessagePackDecoder {
    guard let offset = offsets[key.stringValue] else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "the map has no key “\(key.stringValue)”"))
    }
    return MessagePackDecoder(cursor, at: offset, path: codingPath, key)
  }

  func decodeNil(forKey key: Key) throws -> Bool { try decoder(for: key).decodeNil() }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(for: key).bool() }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(for: key).text() }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(for: key).float(type) }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try decoder(for: key).float(type) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(for: key).integer(type) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(for: key).integer(type) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder(for: key).integer(type) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder(for: key).integer(type) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(for: key).integer(type) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(for: key).integer(type) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder(for: key).integer(type) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder(for: key).integer(type) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder(for: key).integer(type) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder(for: key).integer(type) }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try decoder(for: key).read(type)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try decoder(for: key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(for: key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try decoder(for: MessagePackKey("super")) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(for: key) }
}
