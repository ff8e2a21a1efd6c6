internal import Foundation

/// The whole terminal: its alternate screen, on which lines are drawn, and its keys one by one.
///
/// Whoever enters leaves, whatever happens: what the terminal was like before is then as it was.
struct Screen {
  private enum Control {
    /// The alternate screen, no cursor, and no wrapping: what turns out wider than it was taken for is cut off
    /// at the edge.
    static let enter = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l\u{1b}[2J"
    static let leave = "\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"
    static let home = "\u{1b}[H"
    static let clearLine = "\u{1b}[K"
  }

  /// Where keys come from; `nil` when standard input is no terminal.
  static var keys: Int32? { isatty(STDIN_FILENO) == 1 ? STDIN_FILENO : nil }

  private let console: Console
  private var before: termios?
  private var isEntered = false

  init(console: Console = .shared) { self.console = console }

  /// Takes the terminal over, or takes it over again: after a stop, the shell may have changed it.
  mutating func enter() throws {
    if !isEntered, let keys = Self.keys {
      var modes = termios()
      if tcgetattr(keys, &modes) == 0 { before = modes }
    }
    isEntered = true
    if var modes = before, let keys = Self.keys {
      // Keys come at once and unseen; those that send signals still do so.
      modes.c_lflag &= ~tcflag_t(ICANON | ECHO)
      tcsetattr(keys, TCSADRAIN, &modes)
    }
    try console.write(Control.enter)
  }

  /// Gives the terminal back as it was. What can not be written any more has nobody who looks at it.
  mutating func leave() {
    guard isEntered else { return }
    isEntered = false
    try? console.write(Control.leave)
    if var modes = before, let keys = Self.keys { tcsetattr(keys, TCSAFLUSH, &modes) }
  }

  /// Draws the lines, the first one at the top, in one piece. A line is cleared before it is drawn: after a full
  /// one, the cursor still stands on its last character.
  func draw(_ lines: [String]) throws {
    try console.write(Control.home + lines.map { Control.clearLine + $0 }.joined(separator: "\r\n"))
  }

  /// Stops the process, as Ctrl-Z should, and returns when it goes on.
  mutating func stop() throws {
    leave()
    // For this thread, so that it has stopped before the call returns.
    raise(SIGSTOP)
    try enter()
  }
}
