import Testing

@testable import SkeinCommand

@Suite struct KeyDecoderTests {
  private func keys(_ text: String) -> [Key] {
    var decoder = KeyDecoder()
    return text.utf8.compactMap { decoder.decode($0) }
  }

  @Test("letters and tab are keys, other control characters and what is not ASCII are none")
  func letters() {
    #expect(keys("qP \t\r\u{1}é") == [.character("q"), .character("P"), .character(" "), .tab])
  }

  @Test(
    "cursor keys are known in the forms that terminals send",
    arguments: [
      ("\u{1b}[A", Key.up), ("\u{1b}OA", .up), ("\u{1b}[B", .down), ("\u{1b}[1;5B", .down),
      ("\u{1b}[5~", .pageUp), ("\u{1b}[6~", .pageDown), ("\u{1b}[H", .home), ("\u{1b}[1~", .home),
      ("\u{1b}OF", .end), ("\u{1b}[4~", .end),
    ])
  func sequences(_ text: String, _ key: Key) {
    #expect(keys(text) == [key])
    #expect(keys("q\(text)q") == [.character("q"), key, .character("q")])
  }

  @Test("what is no key is passed over, and a lone escape takes no letter with it")
  func strangers() {
    #expect(keys("\u{1b}[200~\u{1b}[Zq") == [.character("q")])
    #expect(keys("\u{1b}q") == [.character("q")])
    #expect(keys("\u{1b}\u{1b}[A") == [.up])
    #expect(keys("\u{1b}[" + String(repeating: "1", count: 100) + "q").last == .character("q"))
  }
}
