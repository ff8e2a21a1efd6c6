/// What is kept of a stream that may be of any length: its beginning, its last lines, and its length.
///
/// - Invariant: it holds at most `limit` bytes and twice ``mostTailBytes``, however much is appended.
struct KeptOutput: Sendable {
  /// How many bytes of the last lines are kept.
  static let mostTailBytes = 2048
  /// How many of the last lines are kept.
  static let mostTailLines = 10

  private let limit: Int
  private var head: [UInt8] = []
  private var end: [UInt8] = []
  private(set) var byteCount = 0

  init(limit: Int) {
    self.limit = limit
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    byteCount += bytes.count
    head.append(contentsOf: bytes.prefix(limit - head.count))
    end.append(contentsOf: bytes.suffix(Self.mostTailBytes))
    if end.count > 2 * Self.mostTailBytes { end.removeFirst(end.count - Self.mostTailBytes) }
  }

  /// Whether something after the beginning was dropped.
  var isTruncated: Bool { byteCount > head.count }

  /// The beginning as text, not cut within a character's bytes.
  var text: String {
    String(decoding: isTruncated ? head.dropLast(Self.openBytes(at: head)) : head[...], as: UTF8.self)
  }

  /// The last lines as text.
  var tail: String {
    // Not from within a character's bytes.
    let bytes = end.suffix(Self.mostTailBytes).drop { $0 & 0xC0 == 0x80 }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.suffix(Self.mostTailLines).joined(separator: "\n")
  }

  /// How many bytes at the end begin a character of UTF-8 that has more.
  private static func openBytes(at bytes: [UInt8]) -> Int {
    for (index, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > index + 1 ? index + 1 : 0
    }
    return 0
  }
}
