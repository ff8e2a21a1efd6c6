/// The part of a file that is asked for.
///
/// - Source: RFC 9110, section 14.
enum ByteRange: Hashable, Sendable {
  /// All of it: there is no range, or it is malformed, or there are several, which together are as good as all.
  case whole
  case part(Range<Int>)
  /// It begins behind the end.
  case unsatisfiable

  /// - Parameters:
  ///   - field: what stands in `Range`.
  ///   - size: of the file.
  init(_ field: String, size: Int) {
    let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].trimmingBlanks().lowercased() == "bytes" else {
      self = .whole
      return
    }
    var ranges: [Range<Int>] = []
    var hasSpecification = false
    for text in parts[1].split(separator: ",") where !text.trimmingBlanks().isEmpty {
      guard let specification = Specification(text.trimmingBlanks()) else {
        self = .whole
        return
      }
      hasSpecification = true
      if let range = specification.range(size) { ranges.append(range) }
    }
    guard hasSpecification else {
      self = .whole
      return
    }
    guard let first = ranges.first else {
      self = .unsatisfiable
      return
    }
    self = ranges.count == 1 ? .part(first) : Self.joined(ranges) ?? .whole
  }

  /// Several ranges that are one, put together.
  private static func joined(_ ranges: [Range<Int>]) -> ByteRange? {
    guard ranges.count <= 16 else { return nil }
    let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
    var all = sorted[0]
    for range in sorted.dropFirst() {
      guard range.lowerBound <= all.upperBound else { return nil }
      all = all.lowerBound..<max(all.upperBound, range.upperBound)
    }
    return .part(all)
  }

  private enum Specification {
    case from(Int, through: Int?)
    /// The last bytes.
    case suffix(Int)

    init?(_ text: Substring) {
      let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else {
        return nil
      }
      switch (ends[0].isEmpty, ends[1].isEmpty) {
      case (true, true): return nil
      case (true, false): self = .suffix(Int(ends[1]) ?? .max)
      case (false, true): self = .from(Int(ends[0]) ?? .max, through: nil)
      case (false, false):
        let (first, last) = (Int(ends[0]) ?? .max, Int(ends[1]) ?? .max)
        guard first <= last else { return nil }
        self = .from(first, through: last)
      }
    }

    func range(_ size: Int) -> Range<Int>? {
      switch self {
      case .from(let first, let last):
        first < size ? first..<min(size, (last ?? .max) == .max ? size : last! + 1) : nil
      case .suffix(let count): count > 0 && size > 0 ? size - min(count, size)..<size : nil
      }
    }
  }
}
