internal import FoundationEssentials

/// Decodes the value at an offset.
struct MessagePackDecoder: Decoder {
  let cursor: MessagePackCursor
  let offset: Int
  /// The path of the value that this one is a part of.
  let parents: [any CodingKey]
  /// Its key there: the whole path is made for errors alone.
  let key: (any CodingKey)?

  var codingPath: [any CodingKey] { key.map { parents + [$0] } ?? parents }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(
    _ cursor: MessagePackCursor, at offset: Int, path parents: [any CodingKey], _ key: (any CodingKey)? = nil
  ) {
    self.cursor = cursor
    self.offset = offset
    self.parents = parents
    self.key = key
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(try MessagePackKeyedDecoding<Key>(self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try MessagePackUnkeyedDecoding(self) }
  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  // MARK: Values

  var head: MessagePackCursor.Head {
    get throws { try cursor.head(at: offset, path: codingPath).0 }
  }

  func mismatch(_ type: Any.Type, _ head: MessagePackCursor.Head) -> DecodingError {
    let context = DecodingError.Context(
      codingPath: codingPath, debugDescription: "\(type) is expected, and there is \(head.name)")
    if case .null = head { return .valueNotFound(type, context) }
    return .typeMismatch(type, context)
  }

  /// Decodes a value, from a form of the format's own if its type has one.
  func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if type == Data.self { return try data() as! Value }
    if type == [UInt8].self, case .binary(let range) = try head {
      return Array(cursor.bytes[range]) as! Value
    }
    if type == Date.self { return try date() as! Value }
    return try Value(from: self)
  }

  private func data() throws -> Data {
    switch try head {
    case .binary(let range): cursor.data(range)
    case let other: throw mismatch(Data.self, other)
    }
  }

  func text() throws -> String {
    guard case .text(let range) = try head else { throw mismatch(String.self, try head) }
    guard let text = String(validating: cursor.bytes[range], as: UTF8.self) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath, debugDescription: "the text is no UTF-8"))
    }
    return text
  }

  func bool() throws -> Bool {
    guard case .bool(let value) = try head else { throw mismatch(Bool.self, try head) }
    return value
  }

  func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    let (number, text): (Number?, String) =
      switch try head {
      case .signed(let value): (Number(exactly: value), "\(value)")
      case .unsigned(let value): (Number(exactly: value), "\(value)")
      case .float(let value): (Number(exactly: value), "\(value)")
      case let other: throw mismatch(type, other)
      }
    guard let number else { throw doesNotFit(text, type) }
    return number
  }

  func float<Number: BinaryFloatingPoint>(_ type: Number.Type) throws -> Number {
    let (number, text): (Number?, String) =
      switch try head {
      case .signed(let value): (Number(exactly: value), "\(value)")
      case .unsigned(let value): (Number(exactly: value), "\(value)")
      // Other languages have the wider type alone: the nearest number that this one has is meant.
      case .float(let value): (Number(value), "\(value)")
      case let other: throw mismatch(type, other)
      }
    guard let number else { throw doesNotFit(text, type) }
    return number
  }

  private func doesNotFit(_ number: String, _ type: Any.Type) -> DecodingError {
    .dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(type) has no \(number)"))
  }

  /// A timestamp, or seconds since 1970 as other languages send them.
  private func date() throws -> Date {
    guard case .extended(type: -1, let range) = try head else {
      return Date(timeIntervalSince1970: try float(Double.self))
    }
    let bytes = cursor.bytes
    func load<Number: FixedWidthInteger>(_ type: Number.Type, _ distance: Int = 0) -> Number {
      Number(bigEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound + distance, as: type))
    }
    let (seconds, nanoseconds): (Int64, UInt64)
    switch range.count {
    case 4: (seconds, nanoseconds) = (Int64(load(UInt32.self)), 0)
    case 8:
      let word = load(UInt64.self)
      (seconds, nanoseconds) = (Int64(word & (1 << 34 - 1)), word >> 34)
    case 12: (seconds, nanoseconds) = (load(Int64.self, 4), UInt64(load(UInt32.self)))
    default: throw cursor.corrupted(codingPath, "a timestamp has \(range.count) bytes")
    }
    guard nanoseconds < 1_000_000_000 else {
      throw cursor.corrupted(codingPath, "a timestamp has \(nanoseconds) nanoseconds")
    }
    return Date(timeIntervalSince1970: Double(seconds) + Double(nanoseconds) / 1e9)
  }
}
