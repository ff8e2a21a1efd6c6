/// The first character of some UTF-8, which does not begin with ASCII.
///
/// By hand, because the decoders of the standard library can not tell a wrong character from one whose end is
/// yet to come.
///
/// - Source: The Unicode Standard, table 3-7 (well-formed byte sequences).
enum DecodedCharacter: Hashable, Sendable {
  case scalar(Unicode.Scalar, count: Int)
  /// The first byte belongs to no character.
  case invalid
  /// All bytes together may begin a character that has more.
  case incomplete

  /// - Precondition: `bytes` is not empty.
  init(_ bytes: UnsafeRawBufferPointer) {
    let first = bytes[0]
    let (count, second): (Int, ClosedRange<UInt8>)
    switch first {
    case 0xC2...0xDF: (count, second) = (2, 0x80...0xBF)
    case 0xE0: (count, second) = (3, 0xA0...0xBF)
    case 0xED: (count, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (count, second) = (3, 0x80...0xBF)
    case 0xF0: (count, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (count, second) = (4, 0x80...0xBF)
    case 0xF4: (count, second) = (4, 0x80...0x8F)
    default:
      self = .invalid
      return
    }
    var value = UInt32(first) & (0x7F >> UInt32(count))
    for index in 1..<count {
      guard index < bytes.count else {
        self = .incomplete
        return
      }
      guard (index == 1 ? second : 0x80...0xBF).contains(bytes[index]) else {
        self = .invalid
        return
      }
      value = value << 6 | UInt32(bytes[index] & 0x3F)
    }
    // The ranges above leave out surrogates and too large values.
    self = .scalar(Unicode.Scalar(value)!, count: count)
  }
}
