/// A key, as far as a screen minds.
enum Key: Hashable, Sendable {
  case character(Character)
  case up, down, pageUp, pageDown, home, end, tab
}

/// Finds keys in the bytes that a terminal sends.
///
/// | state | byte | next state | key |
/// |---|---|---|---|
/// | ground | ESC | escape | |
/// | ground | printable, or tab | ground | it |
/// | escape | `[` or `O` | sequence | |
/// | escape | anything else | as in ground | |
/// | sequence | a parameter | sequence | |
/// | sequence | a final byte | ground | what the sequence means, if anything |
///
/// - Source: ECMA-48, 5.4 (control sequences); the xterm manual, "PC-Style Function Keys".
struct KeyDecoder: Sendable {
  private enum State {
    case ground, escape
    case sequence([UInt8])
  }

  /// Longer parameters belong to no key.
  private static let longestSequence = 16
  private var state = State.ground

  /// Takes the next byte.
  ///
  /// - Returns: the key that it completes, if any.
  mutating func decode(_ byte: UInt8) -> Key? {
    switch state {
    case .ground: return begin(byte)
    case .escape:
      guard byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") else { return begin(byte) }
      state = .sequence([])
      return nil
    case .sequence(let parameters): return go(on: parameters, byte)
    }
  }

  private mutating func begin(_ byte: UInt8) -> Key? {
    state = byte == 0x1b ? .escape : .ground
    switch byte {
    case UInt8(ascii: "\t"): return .tab
    case 0x20..<0x7f: return .character(Character(Unicode.Scalar(byte)))
    default: return nil
    }
  }

  private mutating func go(on parameters: [UInt8], _ byte: UInt8) -> Key? {
    if (0x20..<0x40).contains(byte), parameters.count < Self.longestSequence {
      state = .sequence(parameters + [byte])
      return nil
    }
    state = .ground
    return Self.key(byte, String(decoding: parameters, as: UTF8.self))
  }

  private static func key(_ final: UInt8, _ parameters: String) -> Key? {
    switch (Unicode.Scalar(final), parameters) {
    case ("A", _): .up
    case ("B", _): .down
    case ("H", _), ("~", "1"), ("~", "7"): .home
    case ("F", _), ("~", "4"), ("~", "8"): .end
    case ("~", "5"): .pageUp
    case ("~", "6"): .pageDown
    default: nil
    }
  }
}
