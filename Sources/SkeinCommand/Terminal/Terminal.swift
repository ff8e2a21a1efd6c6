internal import Foundation
internal import Rainbow

/// What one of the standard streams is connected to.
struct Terminal: Sendable {
  /// Whether a person is looking.
  var isTerminal: Bool
  /// Whether text may be coloured.
  var isColoured: Bool
  private var fixedWidth: Int?
  private var descriptor: Int32 = -1

  /// Asks the system.
  init(descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
    let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    isColoured = isTerminal && !isPlain && environment["TERM"] != "dumb"
  }

  /// A terminal of known width without colour; a pipe when the width is `nil`.
  init(width: Int?) {
    isTerminal = width != nil
    isColoured = false
    fixedWidth = width
  }

  /// How many columns a line has, at this moment.
  var width: Int { fixedWidth ?? size.width }

  /// How many columns and lines there are, at this moment.
  var size: (width: Int, height: Int) {
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
    return (
      isKnown && size.ws_col > 0 ? Int(size.ws_col) : 80, isKnown && size.ws_row > 0 ? Int(size.ws_row) : 24
    )
  }

  /// The same terminal, taken to have lines of this width.
  func fitted(to width: Int) -> Terminal {
    var terminal = self
    terminal.isTerminal = true
    terminal.fixedWidth = width
    return terminal
  }

  /// Colours a text where that is wanted.
  func paint(_ text: String, _ paint: Paint?) -> String {
    guard isColoured, let paint else { return text }
    return switch paint {
    case .bold: text.bold
    case .faint: text.dim
    case .green: text.green
    case .red: text.red
    case .yellow: text.yellow
    case .cyan: text.cyan
    }
  }
}

/// What colour says: green went well, red did not, yellow is under way, cyan is to come.
enum Paint: Sendable {
  case bold, faint, green, red, yellow, cyan
}
