import Testing

@testable import SkeinCommand

@Suite struct TopControlsTests {
  @Test("letters do what the help says, and strange keys nothing")
  func letters() {
    var controls = TopControls()
    #expect(controls.press(.character("x")) == .nothing)
    #expect(controls.press(.character("p")) == .draw && controls.isPaused)
    #expect(controls.press(.character("p")) == .draw && !controls.isPaused)
    #expect(controls.press(.character("q")) == .quit)
  }

  @Test("sorting goes round, and begins at the top of the list")
  func sorting() {
    var controls = TopControls()
    var seen = [controls.sort]
    _ = controls.press(.down)
    for _ in TopSort.allCases {
      #expect(controls.press(.character("s")) == .draw)
      seen.append(controls.sort)
    }
    #expect(Set(seen).count == TopSort.allCases.count && seen.first == seen.last)
    #expect(controls.rows(of: .running, count: 10, room: 3) == 0..<3)
  }

  @Test("scrolling moves the list in focus and stops at its ends")
  func scrolling() {
    var controls = TopControls()
    func rows(after keys: Key...) -> Range<Int> {
      for key in keys { _ = controls.press(key) }
      return controls.rows(of: .running, count: 10, room: 3)
    }
    #expect(rows(after: .down, .character("j")) == 2..<5)
    #expect(rows(after: .pageDown) == 5..<8)
    #expect(rows(after: .pageDown) == 7..<10)
    #expect(rows(after: .down) == 7..<10)
    #expect(rows(after: .character("k")) == 6..<9)
    #expect(rows(after: .home, .up) == 0..<3)
    #expect(rows(after: .end) == 7..<10)
    #expect(rows(after: .pageUp, .tab, .down) == 4..<7)
    #expect(controls.focus == .failures)
    #expect(controls.rows(of: .failures, count: 2, room: 9) == 0..<2)
  }

  @Test("a list that has become shorter is shown to its end")
  func shrinking() {
    var controls = TopControls()
    _ = controls.press(.end)
    #expect(controls.rows(of: .running, count: 10, room: 3) == 7..<10)
    #expect(controls.rows(of: .running, count: 4, room: 3) == 1..<4)
    #expect(controls.rows(of: .running, count: 0, room: 3) == 0..<0)
  }
}
