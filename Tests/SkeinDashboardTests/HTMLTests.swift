import Foundation
import SkeinJobForms
import Testing

@testable import SkeinDashboard

@Suite("HTML")
struct HTMLTests {
  @Test("what is put into a literal is text, unless it is HTML")
  func escaping() {
    let name = "<b onclick='x()'>\"&\"</b>"
    let cell: HTML = "<td title=\"\(name)\">\(name)</td>"
    let text = "&lt;b onclick=&#39;x()&#39;&gt;&quot;&amp;&quot;&lt;/b&gt;"
    #expect(cell.text == "<td title=\"\(text)\">\(text)</td>")
    #expect(
      ("<p>\(cell)\([cell, cell])\(HTML?.none)\(3)</p>" as HTML).text
        == "<p>\(cell.text)\(cell.text)\(cell.text)3</p>")
  }

  @Test(
    "characters that steer are replaced",
    arguments: ["\u{0}", "\u{1b}", "\u{7f}", "\u{85}", "\u{202e}", "\u{2066}"])
  func control(_ character: String) {
    #expect(HTML.escaped("a\(character)b") == "a\u{fffd}b")
    #expect(HTML.escaped("a\tb\nc é 漢 🙂") == "a\tb\nc é 漢 🙂")
  }

  @Test("what times say of their distance is not what a piece tells, all else is")
  func distances() {
    let date = Date(timeIntervalSince1970: 1_000_000)
    let cell: HTML = "<td>é \(Elements.time(date)) and \(Elements.time(nil)) \(Elements.time(date))</td>"
    let exact = TimeText.exact(date)
    let time = "<time datetime=\"\(exact)\" title=\"\(exact)\">"
    #expect(cell.withoutDistances == "<td>é \(time) and – \(time)</td>")
    #expect(("<p>none</p>" as HTML).withoutDistances == "<p>none</p>")
  }
}
