internal import FoundationEssentials

/// Encodes one value, as a part of a whole.
struct MessagePackEncoder: Encoder {
  let part: MessagePackPart
  /// The path of the value that this one is a part of.
  let parents: [any CodingKey]
  /// Its key there.
  let key: (any CodingKey)?

  var codingPath: [any CodingKey] { key.map { parents + [$0] } ?? parents }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(_ part: MessagePackPart, path parents: [any CodingKey], _ key: (any CodingKey)? = nil) {
    self.part = part
    self.parents = parents
    self.key = key
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    part.become(.map)
    return KeyedEncodingContainer(MessagePackKeyedEncoding<Key>(part: part, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    part.become(.array)
    return MessagePackUnkeyedEncoding(part: part, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  /// Encodes a value, in a form of the format's own if it has one.
  func write<Value: Encodable>(_ value: Value) throws {
    if let bytes = Self.longBinary(value) {
      part.become(.binary(bytes))
    } else if let write = try Self.plainForm(of: value) {
      part.become(.value)
      part.append(write)
    } else {
      try value.encode(to: self)
    }
  }

  /// The bytes of a value that is many.
  static func longBinary<Value: Encodable>(_ value: Value) -> Data? {
    guard Value.self == Data.self else { return nil }
    let bytes = value as! Data
    return bytes.count < MessagePackPart.longBytes ? nil : bytes
  }

  /// How a value is written that is no container; `nil` when it encodes itself.
  static func plainForm<Value: Encodable>(of value: Value) throws -> ((inout MessagePackWriter) -> Void)? {
    if Value.self == Data.self {
      return { writer in (value as! Data).withUnsafeBytes { writer.append(binary: $0) } }
    }
    if Value.self == [UInt8].self {
      return { writer in (value as! [UInt8]).withUnsafeBytes { writer.append(binary: $0) } }
    }
    if Value.self == Date.self {
      let date = value as! Date
      let seconds = date.timeIntervalSince1970
      guard Int64(exactly: seconds.rounded(.down)) != nil else {
        // Not the date itself: Foundation traps when it is to describe such a one.
        throw EncodingError.invalidValue(
          seconds, .init(codingPath: [], debugDescription: "a timestamp has no \(seconds) seconds"))
      }
      return { $0.append(date) }
    }
    return nil
  }
}

extension MessagePackEncoder: SingleValueEncodingContainer {
  private func put(_ write: (inout MessagePackWriter) -> Void) {
    part.become(.value)
    part.append(write)
  }

  func encodeNil() { put { $0.appendNil() } }
  func encode(_ value: Bool) { put { $0.append(value) } }
  func encode(_ value: String) { put { $0.append(value) } }
  func encode(_ value: Double) { put { $0.append(value) } }
  func encode(_ value: Float) { put { $0.append(value) } }
  func encode(_ value: Int) { put { $0.append(Int64(value)) } }
  func encode(_ value: Int8) { put { $0.append(Int64(value)) } }
  func encode(_ value: Int16) { put { $0.append(Int64(value)) } }
  func encode(_ value: Int32) { put { $0.append(Int64(value)) } }
  func encode(_ value: Int64) { put { $0.append(Int64(value)) } }
  func encode(_ value: UInt) { put { $0.append(UInt64(value)) } }
  func encode(_ value: UInt8) { put { $0.append(UInt64(value)) } }
  func encode(_ value: UInt16) { put { $0.append(UInt64(value)) } }
  func encode(_ value: UInt32) { put { $0.append(UInt64(value)) } }
  func encode(_ value: UInt64) { put { $0.append(UInt64(value)) } }
  func encode<Value: Encodable>(_ value: Value) throws { try write(value) }
}
