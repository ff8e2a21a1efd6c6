internal import SkeinJobForms

/// A line of parts with colours of their own.
struct StyledLine: Sendable, ExpressibleByStringInterpolation {
  private(set) var parts: [(text: String, paint: Paint?)] = []

  init() {}

  init(_ text: String, _ paint: Paint? = nil) { append(text, paint) }

  init(stringLiteral text: String) { append(text) }

  /// How many columns it takes.
  var width: Int { parts.reduce(0) { $0 + Text.width($1.text) } }

  mutating func append(_ text: String, _ paint: Paint? = nil) {
    parts.append((Text.printable(text), paint))
  }

  /// Joins parts with a separator.
  init(_ parts: [(String, Paint?)], separator: String) {
    for (index, part) in parts.enumerated() {
      if index > 0 { append(separator, .faint) }
      append(part.0, part.1)
    }
  }

  /// The line in its colours, cut to what a terminal shows of it.
  func text(for terminal: Terminal) -> String {
    var room = terminal.width
    guard width > room else { return parts.map { terminal.paint($0.text, $0.paint) }.joined() }
    var line = ""
    for part in parts where room > 0 {
      let isLast = Text.width(part.text) >= room
      // One column is for the ellipsis, even if this part alone would fit.
      line += terminal.paint(isLast ? Text.cut(part.text + " …", to: room) : part.text, part.paint)
      room -= Text.width(part.text)
    }
    return line
  }
}
