/// What a character is to a word.
enum WordCharacter: UInt8, Sendable {
  /// It ends a word.
  case separator
  /// A letter or a decimal digit: it makes a word.
  case base
  /// A mark that belongs to the character before it; it makes no word alone.
  case mark
  /// It belongs to a word between two that do.
  case apostrophe

  /// What a character is.
  ///
  /// - Complexity: a table answers for the basic plane, the Unicode properties for the others.
  static func of(_ scalar: Unicode.Scalar) -> WordCharacter {
    scalar.value < 0x1_0000 ? basicPlane[Int(scalar.value)] : classify(scalar)
  }

  private static let basicPlane: [WordCharacter] = (0..<0x1_0000).map { (value: UInt32) in
    Unicode.Scalar(value).map(classify) ?? .separator
  }

  private static func classify(_ scalar: Unicode.Scalar) -> WordCharacter {
    if scalar == "'" || scalar == "\u{2019}" { return .apostrophe }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .base
    case .decimalNumber: .base
    case .nonspacingMark, .spacingMark, .enclosingMark: .mark
    default: .separator
    }
  }
}
