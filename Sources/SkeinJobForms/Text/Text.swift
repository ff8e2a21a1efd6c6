/// Text as it appears on a terminal.
package enum Text {
  /// How many columns a text takes.
  package static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

  private static func width(_ character: Character) -> Int {
    character.unicodeScalars.map(width).max() ?? 0
  }

  private static func width(_ scalar: Unicode.Scalar) -> Int {
    if scalar.isASCII { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
  }

  /// The blocks whose characters take two columns.
  ///
  /// - Source: Unicode Standard Annex 11, East Asian Width, values W and F, with the small gaps closed.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
    0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1faff,
    0x20000...0x3fffd,
  ]

  /// Cuts what does not fit, and shows that with an ellipsis.
  package static func cut(_ text: String, to columns: Int) -> String {
    guard columns > 0 else { return "" }
    guard width(text) > columns else { return text }
    var kept = ""
    var taken = 1
    for character in text {
      taken += width(character)
      if taken > columns { break }
      kept.append(character)
    }
    return kept + "…"
  }

  /// Fills up with spaces, on the right or on the left; a longer text stays as it is.
  package static func padded(_ text: String, to columns: Int, onLeft: Bool = false) -> String {
    let spaces = String(repeating: " ", count: max(0, columns - width(text)))
    return onLeft ? spaces + text : text + spaces
  }

  /// Replaces control characters, so that nothing stored in a queue can steer a terminal or break a line.
  package static func printable(_ text: String, keepsLines: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if !isControl(scalar) || (keepsLines && scalar == "\n") {
        result.append(scalar)
      } else {
        result.append(scalar == "\n" || scalar == "\t" || scalar == "\r" ? " " : "\u{fffd}")
      }
    }
    return String(result)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
  }
}
