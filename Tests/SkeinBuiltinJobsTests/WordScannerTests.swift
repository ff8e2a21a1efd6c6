import SkeinTesting
import Testing

@testable import SkeinBuiltinJobs

/// Scans in chunks, as the job reads them.
private func scan(
  _ bytes: [UInt8], chunk: Int, caseSensitive: Bool = false
) -> (total: Int, table: WordTable) {
  var scanner = WordScanner(caseSensitive: caseSensitive)
  var rest = bytes[...]
  var open: [UInt8] = []
  repeat {
    let next = open + rest.prefix(chunk)
    rest = rest.dropFirst(chunk)
    let used = next.withUnsafeBytes { scanner.scan($0, isLast: rest.isEmpty) }
    open = Array(next[used...])
  } while !rest.isEmpty
  #expect(open.isEmpty)
  let total = scanner.total
  return (total, scanner.finish())
}

extension WordTable {
  fileprivate func list(_ limit: Int = 1000) -> [String] { top(limit).map { "\($0.word) \($0.count)" } }
}

@Suite("finding words")
struct WordScannerTests {
  @Test(
    "words are letters, digits and inner apostrophes, whatever the chunks",
    arguments: [
      ("", []), (" \n\t.,;", []), ("one", ["one 1"]), ("b a b", ["b 2", "a 1"]),
      ("One ONE one", ["one 3"]), ("don't 'quoted' rock'n'roll", ["don't 1", "quoted 1", "rock'n'roll 1"]),
      ("a''b c' 'd '", ["a 1", "b 1", "c 1", "d 1"]), ("don’t don't", ["don't 2"]),
      ("snake_case kebab-case 3.14", ["case 2", "14 1", "3 1", "kebab 1", "snake 1"]),
      ("Straße ÉCOLE école", ["école 2", "straße 1"]), ("ΣΟΦΙΑ σοφια", ["σοφια 2"]),
      ("e\u{301}t e\u{301}T \u{E9}t", ["\u{E9}t 3"]), ("\u{301}a", ["a 1"]), ("a'\u{301}b", ["a 1", "b 1"]),
      ("слово, слово! 中文。中文 العربية", ["слово 2", "中文 2", "العربية 1"]), ("१२३ ٣", ["٣ 1", "१२३ 1"]),
      ("a😀b €5 ½", ["5 1", "a 1", "b 1"]), ("\u{10400}\u{10428}", ["\u{10428}\u{10428} 1"]),
      ("\u{212A}elvin kelvin", ["kelvin 2"]),
    ] as [(String, [String])])
  func words(text: String, expected: [String]) {
    for chunk in [1, 2, 3, 4, 5, 1000] {
      let (total, table) = scan(Array(text.utf8), chunk: chunk)
      #expect(table.list() == expected, "chunks of \(chunk)")
      #expect(total == table.top(1000).reduce(0) { $0 + $1.count })
      #expect(table.count == expected.count)
    }
  }

  @Test("case can matter")
  func caseSensitive() {
    let table = scan(Array("a A É é É".utf8), chunk: 9, caseSensitive: true).table
    #expect(table.list() == ["É 2", "A 1", "a 1", "é 1"])
  }

  @Test(
    "bytes that are no UTF-8 separate words",
    arguments: [
      [0xFF], [0x80], [0xC0, 0xAF], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98],
      [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE0, 0x80, 0xAF], [0x00],
    ] as [[UInt8]])
  func invalidBytes(bytes: [UInt8]) {
    for chunk in [1, 2, 3, 100] {
      #expect(scan(Array("a".utf8) + bytes + Array("b".utf8), chunk: chunk).table.list() == ["a 1", "b 1"])
      #expect(scan(Array("é".utf8) + bytes, chunk: chunk).table.list() == ["é 1"])
    }
  }

  @Test("a word without end is one word, of which the beginning is kept", arguments: ["x", "é", "中", "😀x"])
  func endlessWord(character: String) {
    let text = String(repeating: character, count: 5000)
    let (total, table) = scan(Array(text.utf8), chunk: 777)
    if character == "😀x" {
      #expect(total == 5000)
    } else {
      #expect(total == 1)
      let length = character.utf8.count
      #expect(table.top(1)[0].word.utf8.count == WordScanner.mostWordBytes / length * length)
    }
  }

  @Test("the top is by count, then by the bytes of the word", arguments: [0, 1, 3, 5, 6, 100])
  func top(limit: Int) {
    let table = scan(Array("e d d c c b b b a Z".utf8), chunk: 100).table
    #expect(table.list(limit) == Array(["b 3", "c 2", "d 2", "a 1", "e 1", "z 1"].prefix(limit)))
  }

  @Test("many words grow the table and keep their counts")
  func manyWords() {
    var table = WordTable()
    for round in 1...2 {
      for number in 0..<5000 {
        Array("w\(number)".utf8).withUnsafeBytes { table.add($0, count: number % 7 + round) }
      }
    }
    #expect(table.count == 5000)
    var seen = 0
    table.forEach { bytes, count in
      #expect(String(decoding: bytes, as: UTF8.self) == "w\(seen)")
      #expect(count == 2 * (seen % 7) + 3)
      seen += 1
    }
    #expect(seen == 5000)
  }

  /// What random texts are made of.
  private static let pieces: [[UInt8]] =
    "a|B|z|9| | |\n|'|’|é|e\u{301}|É|ß|Σ|ж|中|😀|\u{200B}|_|\u{1D400}".split(separator: "|").map {
      Array($0.utf8)
    }
    + [[0xFF], [0xC3], [0xE2, 0x80], [0xF0, 0x9F], [0xED, 0xA0, 0x80], [0x80], [0]]

  @Test("random texts give what the plain implementation gives", arguments: 0..<20)
  func differential(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      let count = Int.random(in: 0...120, using: &generator)
      let bytes = (0..<count).flatMap { _ in Self.pieces.randomElement(using: &generator)! }
      let caseSensitive = Bool.random(using: &generator)
      let chunk = Int.random(in: 1...40, using: &generator)
      let naive = NaiveWordCount(bytes, caseSensitive: caseSensitive)
      let (total, table) = scan(bytes, chunk: chunk, caseSensitive: caseSensitive)
      #expect(total == naive.total, "seed \(seed), bytes \(bytes), chunk \(chunk)")
      #expect(table.count == naive.counts.count, "seed \(seed), bytes \(bytes), chunk \(chunk)")
      #expect(table.list() == naive.top(1000), "seed \(seed), bytes \(bytes), chunk \(chunk)")
    }
  }

  @Test("each byte sequence is decoded as the standard library decodes it")
  func decoding() {
    let interesting: [UInt8] = [
      0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
      0xEF,
      0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    for first in interesting where first >= 0x80 {
      for second in interesting {
        for third in interesting { check([first, second, third, 0x80]) }
      }
    }
  }

  private func check(_ bytes: [UInt8]) {
    let expected = String(decoding: bytes, as: UTF8.self).unicodeScalars.first!
    switch bytes.withUnsafeBytes({ DecodedCharacter($0) }) {
    case .scalar(let scalar, let count):
      #expect(scalar == expected, "\(bytes)")
      #expect(count == UTF8.width(scalar))
    case .invalid: #expect(expected == "\u{FFFD}", "\(bytes)")
    case .incomplete: Issue.record("\(bytes) is complete")
    }
  }
}
