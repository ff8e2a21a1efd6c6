/// A piece of a page, in which text that comes from anywhere is text: what is put into a literal is escaped, unless it is HTML
/// itself.
///
/// ```swift
/// let name = "<script>"
/// let cell: HTML = "<td>\(name)</td>"   // <td>&lt;script&gt;</td>
/// ```
struct HTML: Hashable, Sendable, ExpressibleByStringInterpolation {
  /// As it is sent.
  private(set) var text: String

  /// A piece that stands in the source.
  init(stringLiteral text: String) { self.text = text }

  /// Pieces and texts, put together.
  init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

  /// Pieces one after the other.
  init(_ pieces: [HTML]) { text = pieces.map(\.text).joined() }

  /// The same without what stands in `time` elements, which changes from one second to the next.
  var withoutDistances: String {
    var (result, rest) = ("", text.utf8[...])
    while let end = rest.firstRange(of: "</time>".utf8) {
      let start = rest[..<end.lowerBound].lastIndex(of: UInt8(ascii: ">")) ?? end.lowerBound
      result += Substring(rest[...start])
      rest = rest[end.upperBound...]
    }
    return result + Substring(rest)
  }

  /// Puts another piece behind this one.
  static func += (left: inout HTML, right: HTML) { left.text += right.text }

  /// What a literal is put together from.
  struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + interpolationCount * 16)
    }

    mutating func appendLiteral(_ literal: String) { text += literal }

    /// A piece, as it is.
    mutating func appendInterpolation(_ html: HTML) { text += html.text }

    /// A piece, if there is one.
    mutating func appendInterpolation(_ html: HTML?) { text += html?.text ?? "" }

    /// Pieces one after the other.
    mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }

    /// A text, escaped.
    mutating func appendInterpolation(_ text: String) { self.text += HTML.escaped(text) }

    /// A number.
    mutating func appendInterpolation(_ number: some BinaryInteger) { text += "\(number)" }
  }

  /// A text that stands for itself, also in a quoted attribute. Characters that no page may have become U+FFFD.
  static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: isSpecial) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      case "\t", "\n": result.append(scalar)
      case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || isBidirectional(scalar):
        result.append("\u{fffd}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// ASCII that is escaped, and all that is not ASCII, which is looked at more closely.
  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte >= 0x7f || byte == 0x26 || byte == 0x3c || byte == 0x3e || byte == 0x22
      || byte == 0x27
  }

  /// What turns the direction of the text around it, so that a name can look like another one.
  private static func isBidirectional(_ scalar: Unicode.Scalar) -> Bool {
    (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
  }
}

extension [HTML] {
  /// One piece of all.
  func joined() -> HTML { HTML(self) }
}
