/// Finds and counts the words in bytes that come in chunks.
///
/// Bytes of ASCII words are folded by one table and collected; only others are decoded. Words of ASCII alone
/// are counted in their final form; the others as they stand, and `finish` brings their different forms
/// together, so that no occurrence costs a conversion of case or form.
struct WordScanner: Sendable {
  /// How many bytes of a word are kept.
  static let mostWordBytes = 4096

  /// By byte: the folded letter or digit, or one of the classes below, which are less than any of them.
  private let table: [UInt8]
  private static let separator: UInt8 = 0
  private static let apostrophe: UInt8 = 1
  private static let notASCII: UInt8 = 2
  private static let firstInWord: UInt8 = 3

  private let caseSensitive: Bool
  private var asciiWords = WordTable()
  private var otherWords = WordTable()
  /// How many words were found.
  private(set) var total = 0

  // The word that is being read.
  private var word = [UInt8](repeating: 0, count: mostWordBytes)
  private var length = 0
  private var room = mostWordBytes
  private var isASCII = true
  /// Whether an apostrophe came, which belongs to the word if the next character does.
  private var hasOpenApostrophe = false

  init(caseSensitive: Bool) {
    self.caseSensitive = caseSensitive
    table = (0...255).map { (byte: UInt8) in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): caseSensitive ? byte : byte | 0x20
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
      case UInt8(ascii: "'"): Self.apostrophe
      case 0x80...: Self.notASCII
      default: Self.separator
      }
    }
  }

  /// Reads a chunk.
  ///
  /// - Parameters:
  ///   - bytes: the chunk, which begins with what the last one left.
  ///   - isLast: whether the text ends with it, and so the word.
  /// - Returns: how many bytes were read; up to three that may be the beginning of a character are left.
  mutating func scan(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int {
    var index = 0
    while index < bytes.count {
      let byte = table[Int(bytes[index])]
      if byte >= Self.firstInWord {
        append(byte)
        index += 1
      } else if byte == Self.notASCII {
        let step = scanCharacter(UnsafeRawBufferPointer(rebasing: bytes[index...]), isLast: isLast)
        if step == 0 { return index }
        index += step
      } else {
        if byte == Self.apostrophe { takeApostrophe() } else { endWord() }
        index += 1
      }
    }
    if isLast { endWord() }
    return index
  }

  /// Reads one character that is not ASCII, or a byte that is none; returns its length, 0 when there may be
  /// more to come.
  private mutating func scanCharacter(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int {
    let character = DecodedCharacter(bytes)
    guard case .scalar(let scalar, let count) = character else {
      if character == .incomplete, !isLast { return 0 }
      endWord()
      return 1
    }
    switch WordCharacter.of(scalar) {
    case .base: append(bytes[..<count])
    case .mark where length > 0 && !hasOpenApostrophe: append(bytes[..<count])
    case .apostrophe: takeApostrophe()
    case .separator, .mark: endWord()
    }
    return count
  }

  private mutating func append(_ byte: UInt8) {
    if hasOpenApostrophe { closeApostrophe() }
    guard length < room else { return }
    word[length] = byte
    length += 1
  }

  private mutating func append(_ bytes: Slice<UnsafeRawBufferPointer>) {
    if hasOpenApostrophe { closeApostrophe() }
    isASCII = false
    // A character that does not fit ends what is kept, though a shorter one might fit.
    guard length + bytes.count <= room else { return room = length }
    for byte in bytes { append(byte) }
  }

  private mutating func takeApostrophe() {
    if hasOpenApostrophe { endWord() }
    hasOpenApostrophe = length > 0
  }

  private mutating func closeApostrophe() {
    hasOpenApostrophe = false
    append(UInt8(ascii: "'"))
  }

  private mutating func endWord() {
    hasOpenApostrophe = false
    guard length > 0 else { return }
    word.withUnsafeBytes { word in
      let word = UnsafeRawBufferPointer(rebasing: word[..<length])
      if isASCII { asciiWords.add(word) } else { otherWords.add(word) }
    }
    total += 1
    length = 0
    room = Self.mostWordBytes
    isASCII = true
  }

  /// All words with their counts, in their final form: lower case unless case matters, and one of the forms
  /// that Unicode calls canonically equivalent.
  ///
  /// - Complexity: linear in the number of distinct words.
  consuming func finish() -> WordTable {
    var forms: [String: Int] = [:]
    otherWords.forEach { bytes, count in
      let text = String(decoding: bytes, as: UTF8.self)
      forms[caseSensitive ? text : text.lowercased(), default: 0] += count
    }
    var words = asciiWords
    for (text, count) in forms {
      var text = text
      text.withUTF8 { words.add(UnsafeRawBufferPointer($0), count: count) }
    }
    return words
  }
}
