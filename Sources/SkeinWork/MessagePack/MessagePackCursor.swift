internal import FoundationEssentials

/// Reads the bytes of a whole: what stands at an offset, and where it ends.
///
/// It lives while the bytes are lent, in one call of the codec; no decoder outlives that.
struct MessagePackCursor {
  /// What begins at an offset.
  enum Head {
    case null
    case bool(Bool)
    case signed(Int64)
    case unsigned(UInt64)
    case float(Double)
    case text(Range<Int>)
    case binary(Range<Int>)
    case array(count: Int)
    case map(count: Int)
    case extended(type: Int8, Range<Int>)

    /// What it is called in errors.
    var name: String {
      switch self {
      case .null: "nil"
      case .bool: "a Boolean"
      case .signed, .unsigned: "an integer"
      case .float: "a floating-point number"
      case .text: "a text"
      case .binary: "bytes"
      case .array: "an array"
      case .map: "a map"
      case .extended(let type, _): "an extension of the type \(type)"
      }
    }
  }

  let bytes: UnsafeRawBufferPointer
  /// What the bytes are those of, if a part of them may be given out as it is.
  private let owner: Data?

  init(_ bytes: UnsafeRawBufferPointer, owner: Data?) {
    self.bytes = bytes
    self.owner = owner
  }

  /// A copy of a part; where that is allowed, many bytes, which are most of the whole, are a view of it.
  func data(_ range: Range<Int>) -> Data {
    let part = UnsafeRawBufferPointer(rebasing: bytes[range])
    guard let owner, part.count >= 1 << 15, 2 * part.count >= bytes.count else { return Data(part) }
    return Data(
      bytesNoCopy: UnsafeMutableRawPointer(mutating: part.baseAddress!), count: part.count,
      deallocator: .custom { [owner] _, _ in withExtendedLifetime(owner) {} })
  }

  func corrupted(_ path: [any CodingKey], _ reason: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: path, debugDescription: "this is no MessagePack: \(reason)"))
  }

  /// The head at an offset, and where what follows it begins. Of texts, bytes and extensions that is after them.
  func head(at offset: Int, path: @autoclosure () -> [any CodingKey]) throws -> (Head, next: Int) {
    var next = offset
    let mark = try number(UInt8.self, &next, path())
    switch mark {
    case 0x00...0x7F: return (.unsigned(UInt64(mark)), next)
    case 0x80...0x8F: return (.map(count: Int(mark & 0x0F)), next)
    case 0x90...0x9F: return (.array(count: Int(mark & 0x0F)), next)
    case 0xA0...0xBF: return try span(Int(mark & 0x1F), next, path()) { .text($0) }
    case 0xC0: return (.null, next)
    case 0xC2, 0xC3: return (.bool(mark == 0xC3), next)
    case 0xC4...0xC6: return try span(try length(mark - 0xC4, &next, path()), next, path()) { .binary($0) }
    case 0xC7...0xC9:
      let count = try length(mark - 0xC7, &next, path())
      return try extended(count, next, path())
    case 0xCA: return (.float(Double(Float(bitPattern: try number(UInt32.self, &next, path())))), next)
    case 0xCB: return (.float(Double(bitPattern: try number(UInt64.self, &next, path()))), next)
    case 0xCC: return (.unsigned(UInt64(try number(UInt8.self, &next, path()))), next)
    case 0xCD: return (.unsigned(UInt64(try number(UInt16.self, &next, path()))), next)
    case 0xCE: return (.unsigned(UInt64(try number(UInt32.self, &next, path()))), next)
    case 0xCF: return (.unsigned(try number(UInt64.self, &next, path())), next)
    case 0xD0: return (.signed(Int64(try number(Int8.self, &next, path()))), next)
    case 0xD1: return (.signed(Int64(try number(Int16.self, &next, path()))), next)
    case 0xD2: return (.signed(Int64(try number(Int32.self, &next, path()))), next)
    case 0xD3: return (.signed(try number(Int64.self, &next, path())), next)
    case 0xD4...0xD8: return try extended(1 << Int(mark - 0xD4), next, path())
    case 0xD9...0xDB: return try span(try length(mark - 0xD9, &next, path()), next, path()) { .text($0) }
    case 0xDC, 0xDD: return (.array(count: try length(mark - 0xDB, &next, path())), next)
    case 0xDE, 0xDF: return (.map(count: try length(mark - 0xDD, &next, path())), next)
    case 0xE0...0xFF: return (.signed(Int64(Int8(bitPattern: mark))), next)
    default: throw corrupted(path(), "no value begins with the byte \(mark)")
    }
  }

  /// A length of 1, 2 or 4 bytes.
  private func length(_ power: UInt8, _ next: inout Int, _ path: @autoclosure () -> [any CodingKey]) throws
    -> Int
  {
    switch power {
    case 0: Int(try number(UInt8.self, &next, path()))
    case 1: Int(try number(UInt16.self, &next, path()))
    default: Int(try number(UInt32.self, &next, path()))
    }
  }

  private func number<Number: FixedWidthInteger>(
    _ type: Number.Type, _ next: inout Int, _ path: @autoclosure () -> [any CodingKey]
  ) throws -> Number {
    let size = MemoryLayout<Number>.size
    guard bytes.count - next >= size else { throw corrupted(path(), "it is cut off at byte \(bytes.count)") }
    defer { next += size }
    return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: next, as: Number.self))
  }

  private func span(
    _ count: Int, _ next: Int, _ path: @autoclosure () -> [any CodingKey], _ head: (Range<Int>) -> Head
  ) throws -> (Head, next: Int) {
    guard bytes.count - next >= count else {
      throw corrupted(
        path(), "\(count) bytes are announced at byte \(next), and \(bytes.count - next) are there")
    }
    return (head(next..<next + count), next + count)
  }

  private func extended(_ count: Int, _ next: Int, _ path: @autoclosure () -> [any CodingKey]) throws -> (
    Head, next: Int
  ) {
    var next = next
    let type = try number(Int8.self, &next, path())
    return try span(count, next, path()) { .extended(type: type, $0) }
  }

  /// Where the value at an offset ends.
  ///
  /// It is read to its end without recursion: nothing that is announced is believed before it is there.
  func end(ofValueAt offset: Int, path: @autoclosure () -> [any CodingKey]) throws -> Int {
    let (first, afterFirst) = try head(at: offset, path: path())
    var next = afterFirst
    var open = Self.valuesInside(first) > 0 ? [Self.valuesInside(first)] : []
    while let left = open.last {
      if left == 0 {
        open.removeLast()
        continue
      }
      open[open.count - 1] = left - 1
      let head: Head
      (head, next) = try self.head(at: next, path: path())
      let inside = Self.valuesInside(head)
      if inside > 0 { open.append(inside) }
      guard open.count <= MessagePackCodec.depthLimit else {
        throw corrupted(path(), "it is nested deeper than \(MessagePackCodec.depthLimit) times")
      }
    }
    return next
  }

  private static func valuesInside(_ head: Head) -> Int {
    switch head {
    case .array(let count): count
    case .map(let count): 2 * count
    default: 0
    }
  }
}
