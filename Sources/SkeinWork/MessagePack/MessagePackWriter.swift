internal import FoundationEssentials
internal import Glibc

/// Appends values in their smallest forms, to memory of its own, which becomes that of the whole without a copy.
struct MessagePackWriter: ~Copyable {
  private var base: UnsafeMutableRawPointer?
  private(set) var count = 0
  private var capacity = 0

  deinit { free(base) }

  /// Where so many bytes more go.
  private mutating func room(for bytes: Int) -> UnsafeMutableRawPointer {
    if capacity - count < bytes {
      capacity = max(64, 2 * capacity, count + bytes)
      // Of long memory it moves the pages, and not the bytes.
      base = realloc(base, capacity)
      precondition(base != nil, "there is no memory for \(capacity) bytes")
    }
    defer { count += bytes }
    return base! + count
  }

  mutating func append(byte: UInt8) { room(for: 1).storeBytes(of: byte, as: UInt8.self) }

  mutating func append(bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    room(for: bytes.count).copyMemory(from: start, byteCount: bytes.count)
  }

  /// Appends what another one has.
  mutating func append(_ other: borrowing MessagePackWriter, _ range: Range<Int>) {
    guard let start = other.base, !range.isEmpty else { return }
    room(for: range.count).copyMemory(from: start + range.lowerBound, byteCount: range.count)
  }

  /// All that was appended.
  consuming func finish() -> Data {
    let (base, count) = (base, count)
    discard self
    guard let base else { return Data() }
    // Of few bytes a copy costs less than an owner.
    guard count < 4096 else { return Data(bytesNoCopy: base, count: count, deallocator: .free) }
    defer { free(base) }
    return Data(bytes: base, count: count)
  }

  private mutating func append<Number: FixedWidthInteger>(_ mark: UInt8, _ number: Number) {
    let place = room(for: 1 + MemoryLayout<Number>.size)
    place.storeBytes(of: mark, as: UInt8.self)
    place.storeBytes(of: number.bigEndian, toByteOffset: 1, as: Number.self)
  }

  mutating func appendNil() { append(byte: 0xC0) }
  mutating func append(_ value: Bool) { append(byte: value ? 0xC3 : 0xC2) }
  mutating func append(_ value: Float) { append(0xCA, value.bitPattern) }
  mutating func append(_ value: Double) { append(0xCB, value.bitPattern) }

  mutating func append(_ value: Int64) {
    guard value < 0 else { return append(UInt64(value)) }
    switch value {
    case (-32)...: append(byte: UInt8(bitPattern: Int8(value)))
    case Int64(Int8.min)...: append(0xD0, Int8(value))
    case Int64(Int16.min)...: append(0xD1, Int16(value))
    case Int64(Int32.min)...: append(0xD2, Int32(value))
    default: append(0xD3, value)
    }
  }

  mutating func append(_ value: UInt64) {
    switch value {
    case ...0x7F: append(byte: UInt8(value))
    case ...0xFF: append(0xCC, UInt8(value))
    case ...0xFFFF: append(0xCD, UInt16(value))
    case ...0xFFFF_FFFF: append(0xCE, UInt32(value))
    default: append(0xCF, value)
    }
  }

  mutating func append(_ value: String) {
    var value = value
    value.withUTF8 { utf8 in
      switch utf8.count {
      case ..<32: append(byte: 0xA0 | UInt8(utf8.count))
      case ...0xFF: append(0xD9, UInt8(utf8.count))
      case ...0xFFFF: append(0xDA, UInt16(utf8.count))
      default: append(0xDB, UInt32(utf8.count))
      }
      append(bytes: UnsafeRawBufferPointer(utf8))
    }
  }

  mutating func append(binary: UnsafeRawBufferPointer) {
    switch binary.count {
    case ...0xFF: append(0xC4, UInt8(binary.count))
    case ...0xFFFF: append(0xC5, UInt16(binary.count))
    default: append(0xC6, UInt32(binary.count))
    }
    append(bytes: binary)
  }

  /// A timestamp: seconds alone, or with nanoseconds, in 4, 8 or 12 bytes.
  mutating func append(_ date: Date) {
    let interval = date.timeIntervalSince1970
    var seconds = interval.rounded(.down)
    var nanoseconds = UInt64(((interval - seconds) * 1e9).rounded())
    if nanoseconds >= 1_000_000_000 { (seconds, nanoseconds) = (seconds + 1, 0) }
    let whole = Int64(seconds)
    switch whole {
    case 0..<1 << 32 where nanoseconds == 0:
      append(byte: 0xD6)
      append(0xFF, UInt32(whole))
    case 0..<1 << 34:
      append(byte: 0xD7)
      append(0xFF, nanoseconds << 34 | UInt64(whole))
    default:
      append(byte: 0xC7)
      append(byte: 12)
      append(0xFF, UInt32(nanoseconds))
      withUnsafeBytes(of: whole.bigEndian) { append(bytes: $0) }
    }
  }

  mutating func appendArrayHeader(_ count: Int) {
    switch count {
    case ..<16: append(byte: 0x90 | UInt8(count))
    case ...0xFFFF: append(0xDC, UInt16(count))
    default: append(0xDD, UInt32(count))
    }
  }

  mutating func appendMapHeader(_ count: Int) {
    switch count {
    case ..<16: append(byte: 0x80 | UInt8(count))
    case ...0xFFFF: append(0xDE, UInt16(count))
    default: append(0xDF, UInt32(count))
    }
  }
}
