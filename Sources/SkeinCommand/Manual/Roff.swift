internal import SkeinJobForms

/// A page in the language of `man`: roff, with the macros of man(7).
struct Roff {
  private(set) var text = ""

  /// Writes a request or macro with its arguments.
  mutating func macro(_ name: String, _ arguments: String...) {
    text += "." + ([name] + arguments.map { "\"\(Self.escaped($0))\"" }).joined(separator: " ") + "\n"
  }

  /// Writes a line of text, which is filled up with the next ones.
  mutating func line(_ line: String) { mark(Self.escaped(line)) }

  /// Writes a line that is roff already.
  mutating func mark(_ line: String) {
    let needsGuard = line.hasPrefix(".") || line.hasPrefix("'")
    text += (needsGuard ? "\\&" : "") + line + "\n"
  }

  /// Writes text for people: paragraphs, and blocks of indented lines, which stay as they are.
  mutating func prose(_ text: String) {
    for paragraph in text.split(separator: "\n\n") {
      macro("PP")
      var lines = paragraph.split(separator: "\n", omittingEmptySubsequences: false)[...]
      while !lines.isEmpty {
        let filled = lines.prefix { !$0.hasPrefix("  ") }
        for line in filled { self.line(String(line)) }
        lines = lines.dropFirst(filled.count)
        let block = lines.prefix { $0.hasPrefix("  ") }
        verbatim(block.map(String.init))
        lines = lines.dropFirst(block.count)
      }
    }
  }

  /// Writes lines as they are, less the spaces that all of them begin with.
  mutating func verbatim(_ lines: [String]) {
    guard let indent = lines.map({ $0.prefix { $0 == " " }.count }).min() else { return }
    macro("RS", "4")
    macro("EX")
    for line in lines { self.line(String(line.dropFirst(indent))) }
    macro("EE")
    macro("RE")
  }

  /// A text in bold, and one in italics, within a line.
  static func bold(_ text: String) -> String { "\\fB\(escaped(text))\\fP" }
  static func italic(_ text: String) -> String { "\\fI\(escaped(text))\\fP" }

  /// What stands for a text within a line: every character is shown as it is, those too that roff would set
  /// more finely, for they may be part of something to type.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in Text.printable(text).unicodeScalars {
      switch scalar {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "\"": result += "\\(dq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
      }
    }
    return result
  }
}
