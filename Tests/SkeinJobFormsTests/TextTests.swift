import Foundation
import Testing

@testable import SkeinJobForms

@Suite struct TextTests {
  @Test("wide characters take two columns, marks none")
  func width() {
    #expect(Text.width("abc") == 3)
    #expect(Text.width("日本") == 4)
    #expect(Text.width("e\u{301}") == 1)
    #expect(Text.width("👍") == 2)
  }

  @Test("what is cut ends with an ellipsis and fits")
  func cut() {
    #expect(Text.cut("abcdef", to: 6) == "abcdef")
    #expect(Text.cut("abcdef", to: 5) == "abcd…")
    #expect(Text.cut("日本語", to: 4) == "日…")
    #expect(Text.cut("abc", to: 1) == "…")
    #expect(Text.cut("abc", to: 0) == "")
  }

  @Test("control characters can not steer a terminal")
  func printable() {
    #expect(Text.printable("a\u{1b}[2Jb\tc\nd") == "a\u{fffd}[2Jb c d")
    #expect(Text.printable("a\nb", keepsLines: true) == "a\nb")
    #expect(Text.printable("\u{9b}31m") == "\u{fffd}31m")
  }

  @Test(
    "spans have about three digits",
    arguments: [
      (0.0, "0ms"), (-1, "0ms"), (0.0123, "12ms"), (0.9994, "999ms"), (1, "1.00s"), (1.234, "1.23s"),
      (12.34, "12.3s"),
      (59.96, "1m"), (60, "1m"), (61, "1m1s"), (3600, "1h"), (5400, "1h30m"), (86_400, "1d"),
      (100_000, "1d3h"),
    ])
  func spans(_ seconds: Double, _ text: String) {
    #expect(TimeText.span(seconds) == text)
  }

  @Test("how long ago something was is told in whole seconds")
  func distance() {
    let now = Date()
    #expect(TimeText.distance(to: now.addingTimeInterval(-1.9), from: now) == "1s ago")
    #expect(TimeText.distance(to: now.addingTimeInterval(-7200), from: now) == "2h ago")
    #expect(TimeText.distance(to: now.addingTimeInterval(59.5), from: now) == "in 1m")
  }
}
