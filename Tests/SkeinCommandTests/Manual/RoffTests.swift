import Testing

@testable import SkeinCommand

@Suite struct RoffTests {
  @Test(
    "every character is shown as it is",
    arguments: [
      ("a--b", #"a\-\-b"#), (#"printf "\n""#, #"printf \(dq\en\(dq"#),
      ("it's `x` ^ ~", #"it\(aqs \(gax\(ga \(ha \(ti"#),
      ("…€😀", #"\[u2026]\[u20AC]\[u1F600]"#), ("a\u{1b}b\n", #"a\[uFFFD]b "#),
    ])
  func escaping(_ text: String, _ escaped: String) {
    #expect(Roff.escaped(text) == escaped)
  }

  @Test("a line that begins like a request is none")
  func requests() {
    var page = Roff()
    page.line(".so /etc/passwd")
    page.line("'tis")
    page.macro("SH", #"A "B""#)
    #expect(page.text == "\\&.so /etc/passwd\n\\(aqtis\n.SH \"A \\(dqB\\(dq\"\n")
  }

  @Test("paragraphs are filled, and indented lines stay as they are")
  func prose() {
    var page = Roff()
    page.prose("One\ntwo.\n\nExamples:\n  a  b\n    c\nand on")
    #expect(
      page.text == """
        .PP
        One
        two.
        .PP
        Examples:
        .RS "4"
        .EX
        a  b
          c
        .EE
        .RE
        and on

        """)
  }
}
