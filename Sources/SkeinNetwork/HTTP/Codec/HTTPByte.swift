internal import Glibc

/// What bytes of a message may be where.
///
/// - Source: RFC 9110, section 5.6; RFC 9112.
enum HTTPByte {
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let tab = UInt8(ascii: "\t")
  static let colon = UInt8(ascii: ":")

  /// A bit for each character that a name of a field, or a method, may have.
  private static let tokens = characters(
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

  private static func characters(_ text: StaticString) -> (UInt64, UInt64) {
    var (low, high) = (UInt64(0), UInt64(0))
    text.withUTF8Buffer { bytes in
      for byte in bytes {
        if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
      }
    }
    return (low, high)
  }

  /// Whether all bytes may stand in a name; false for none.
  static func isToken(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    let (low, high) = tokens
    return !bytes.isEmpty
      && bytes.allSatisfy { byte in
        byte < 128 && (byte < 64 ? low >> UInt64(byte) : high >> UInt64(byte - 64)) & 1 == 1
      }
  }

  /// Whether all bytes may stand in the value of a field.
  static func isValue(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    bytes.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == tab }
  }

  /// Whether all bytes may stand in the target of a request. Bytes beyond ASCII are not allowed by the letter, but are sent;
  /// they are looked at when the path is decoded.
  static func isTarget(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "#") }
  }

  /// Without the blanks at its ends.
  static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    var bytes = bytes
    while let first = bytes.first, first == space || first == tab { bytes.removeFirst() }
    while let last = bytes.last, last == space || last == tab { bytes.removeLast() }
    return bytes
  }

  /// Whether a name, or a word, is the same but for the case of its letters.
  ///
  /// - Parameter lowercased: what to compare with, in small letters.
  static func matches(
    _ bytes: Slice<UnsafeRawBufferPointer>, _ lowercased: some Collection<UInt8>
  ) -> Bool {
    bytes.count == lowercased.count
      && zip(bytes, lowercased).allSatisfy { byte, expected in
        byte == expected || (byte | 0x20 == expected && expected >= 0x61 && expected <= 0x7A)
      }
  }

  static func matches(_ bytes: Slice<UnsafeRawBufferPointer>, _ lowercased: StaticString) -> Bool {
    lowercased.withUTF8Buffer { matches(bytes, $0) }
  }

  /// A number in decimal digits and nothing else; `nil` for anything else, and when it is too large.
  static func decimal(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard !bytes.isEmpty else { return nil }
    var number = 0
    for byte in bytes {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      let (tens, overflows) = number.multipliedReportingOverflow(by: 10)
      let (sum, alsoOverflows) = tens.addingReportingOverflow(Int(byte - 0x30))
      guard !overflows, !alsoOverflows else { return nil }
      number = sum
    }
    return number
  }

  /// Where the next line feed is.
  static func lineFeed(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard start < bytes.count, let base = bytes.baseAddress else { return nil }
    return memchr(base + start, Int32(lineFeed), bytes.count - start).map { UnsafeRawPointer($0) - base }
  }
}
