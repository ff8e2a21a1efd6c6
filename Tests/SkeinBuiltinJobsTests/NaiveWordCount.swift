import SkeinBuiltinJobs

/// Counts words in the plainest way, to compare with.
struct NaiveWordCount {
  private(set) var counts: [String: Int] = [:]
  private(set) var total = 0

  init(_ bytes: [UInt8], caseSensitive: Bool = false) {
    let text = Array(
      String(decoding: bytes, as: UTF8.self).unicodeScalars.map { $0 == "\u{2019}" ? "'" : $0 })
    var word = ""
    for (index, scalar) in text.enumerated() {
      let isInside =
        Self.isBase(scalar) || (Self.isMark(scalar) && !word.isEmpty)
        || (scalar == "'" && !word.isEmpty && index + 1 < text.count && Self.isBase(text[index + 1]))
      if isInside {
        word.unicodeScalars.append(scalar)
      } else {
        end(&word, caseSensitive)
      }
    }
    end(&word, caseSensitive)
  }

  private mutating func end(_ word: inout String, _ caseSensitive: Bool) {
    guard !word.isEmpty else { return }
    counts[caseSensitive ? word : word.lowercased(), default: 0] += 1
    total += 1
    word = ""
  }

  func top(_ limit: Int) -> [String] {
    let sorted = counts.sorted { one, other in
      one.value == other.value
        ? one.key.utf8.lexicographicallyPrecedes(other.key.utf8) : one.value > other.value
    }
    return sorted.prefix(limit).map { "\($0.key) \($0.value)" }
  }

  private static func isBase(_ scalar: Unicode.Scalar) -> Bool {
    let category = scalar.properties.generalCategory
    return category == .decimalNumber
      || [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter].contains(
        category)
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    [.nonspacingMark, .spacingMark, .enclosingMark].contains(scalar.properties.generalCategory)
  }
}
