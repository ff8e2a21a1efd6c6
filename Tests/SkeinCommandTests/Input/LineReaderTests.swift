import Foundation
import Testing

@testable import SkeinCommand

@Suite struct LineReaderTests {
  private func lines(_ text: String, mostBytes: Int = 100) throws -> [String] {
    let file = FileManager.default.temporaryDirectory.appending(path: "lines-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(text.utf8).write(to: file)
    let handle = try FileHandle(forReadingFrom: file)
    var reader = LineReader(descriptor: handle.fileDescriptor, mostBytes: mostBytes)
    var lines: [String] = []
    while let line = try reader.next() {
      lines.append("\(line.number):" + String(decoding: line.bytes, as: UTF8.self))
    }
    return lines
  }

  @Test("lines end with a line feed, with both, or with the file")
  func endings() throws {
    #expect(try lines("a\nb\r\n\nc") == ["1:a", "2:b", "3:", "4:c"])
    #expect(try lines("") == [])
    #expect(try lines("\n") == ["1:"])
  }

  @Test("a line may be longer than a chunk")
  func long() throws {
    let text = String(repeating: "x", count: 200_000)
    #expect(try lines("a\n\(text)\nb", mostBytes: 200_000) == ["1:a", "2:" + text, "3:b"])
  }

  @Test("a line that is too long is named", arguments: ["\n", ""])
  func tooLong(_ end: String) {
    let text = "a\n" + String(repeating: "x", count: 101) + end
    #expect { try lines(text) } throws: { "\($0)".hasPrefix("line 2 has more than 100 bytes") }
    #expect(throws: Never.self) { try lines("a\n" + String(repeating: "x", count: 100) + end) }
  }
}
