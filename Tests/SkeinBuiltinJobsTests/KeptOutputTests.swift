import Testing

@testable import SkeinBuiltinJobs

@Suite("the kept part of a stream")
struct KeptOutputTests {
  private func kept(_ chunks: [String], limit: Int) -> KeptOutput {
    chunks.reduce(into: KeptOutput(limit: limit)) { kept, chunk in
      Array(chunk.utf8).withUnsafeBytes { kept.append($0) }
    }
  }

  @Test("it keeps the beginning, and counts the rest")
  func beginning() {
    let output = kept(["abc", "def", "ghi"], limit: 5)
    #expect(output.text == "abcde")
    #expect(output.isTruncated)
    #expect(output.byteCount == 9)
  }

  @Test("what fits is not called truncated")
  func whole() {
    let output = kept(["abc", "def"], limit: 6)
    #expect(output.text == "abcdef")
    #expect(!output.isTruncated)
    #expect(kept(["x"], limit: 0).text == "")
  }

  @Test(
    "the text is not cut within a character",
    arguments: [(1, "a"), (2, "a"), (3, "aé"), (4, "aé"), (5, "aé"), (6, "aé€"), (9, "aé€"), (10, "aé€😀")])
  func characters(limit: Int, text: String) {
    #expect(kept(["aé€😀!"], limit: limit).text == text)
  }

  @Test("bytes that are no text become replacement characters")
  func invalidBytes() {
    var output = KeptOutput(limit: 10)
    [UInt8]([0x61, 0xFF, 0x62]).withUnsafeBytes { output.append($0) }
    #expect(output.text == "a\u{FFFD}b")
  }

  @Test("the tail has the last lines, whatever was dropped before")
  func tail() {
    let lines = (1...5000).map { "line \($0)\n" }
    #expect(kept(lines, limit: 3).tail == (4991...5000).map { "line \($0)" }.joined(separator: "\n"))
  }

  @Test("a tail without lines is limited in bytes, and whole in characters")
  func longTail() {
    let output = kept([String(repeating: "€", count: 10_000)], limit: 0)
    #expect(output.tail == String(repeating: "€", count: KeptOutput.mostTailBytes / 3))
  }
}
