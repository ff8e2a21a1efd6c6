import SkeinJobForms
import Testing

@testable import SkeinCommand

@Suite struct StyledLineTests {
  private let line = StyledLine([("4 running", .yellow), ("20 ready", nil), ("日本", .red)], separator: " · ")

  @Test("what fits is shown as it is")
  func fits() {
    #expect(line.width == 27)
    #expect(line.text(for: Terminal(width: 27)) == "4 running · 20 ready · 日本")
  }

  @Test("what does not fit is cut in one place, wherever that is", arguments: 1...26)
  func cut(_ width: Int) {
    let text = line.text(for: Terminal(width: width))
    #expect(Text.width(text) <= width && text.hasSuffix("…"), "\(text)")
    #expect("4 running · 20 ready · 日本".hasPrefix(text.dropLast()), "\(text)")
  }

  @Test("in colour, a line is cut as it is without")
  func coloured() {
    var terminal = Terminal(width: 15)
    terminal.isColoured = true
    let plain = line.text(for: Terminal(width: 15))
    let text = line.text(for: terminal).replacing(/\u{1b}\[[0-9;]*m/, with: "")
    #expect(text == plain && text == "4 running · 20…")
  }

  @Test("nothing in it steers the terminal")
  func hostile() {
    #expect(StyledLine("a\u{1b}[2Jb\nc").text(for: Terminal(width: 80)) == "a\u{fffd}[2Jb c")
  }
}
