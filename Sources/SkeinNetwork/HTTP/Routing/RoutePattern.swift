/// What paths a route is for.
///
/// ```text
/// /users/{id}              any segment, under the name “id”
/// /users/{id:Int}/posts    a segment that is a whole number; also UUID
/// /files/{path...}         all that is left, one segment at the least, slashes included
/// ```
///
/// Everything else stands for itself. A pattern begins with a slash; `/users` and `/users/` are two.
struct RoutePattern: Hashable, Sendable {
  enum Kind: Int, Hashable, Sendable, CaseIterable {
    /// In the order in which they are tried.
    case integer, uuid, any

    init?(_ word: Substring) {
      switch word {
      case "Int": self = .integer
      case "UUID": self = .uuid
      default: return nil
      }
    }

    func accepts(_ segment: String) -> Bool {
      switch self {
      case .integer: Int(segment) != nil
      case .uuid: Self.isUUID(segment)
      case .any: true
      }
    }

    private static func isUUID(_ text: String) -> Bool {
      let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
      return groups.map(\.count) == [8, 4, 4, 4, 12]
        && groups.allSatisfy { $0.allSatisfy { Character(UnicodeScalar($0)).isHexDigit } }
    }
  }

  enum Segment: Hashable, Sendable {
    case literal(String)
    case parameter(String, Kind)
    case rest(String)
  }

  let text: String
  let segments: [Segment]

  /// Reads a pattern.
  ///
  /// - Throws: ``RouteError/malformed(pattern:reason:)``.
  init(_ text: String) throws(RouteError) {
    func refuse(_ reason: String) -> RouteError { .malformed(pattern: text, reason: reason) }
    guard text.first == "/" else { throw refuse("it does not begin with a slash") }
    var segments: [Segment] = []
    var names: Set<String> = []
    for word in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      if case .rest? = segments.last { throw refuse("something follows what takes all that is left") }
      let segment: Segment
      do { segment = try Segment(word) } catch { throw refuse(error.reason) }
      if let name = segment.name, !names.insert(name).inserted {
        throw refuse("“\(name)” stands in it twice")
      }
      segments.append(segment)
    }
    (self.text, self.segments) = (text, segments)
  }

  /// The names of its parameters, in their order.
  var names: [String] { segments.compactMap(\.name) }
}

extension RoutePattern.Segment {
  fileprivate struct Refusal: Error { var reason: String }

  var name: String? {
    switch self {
    case .literal: nil
    case .parameter(let name, _), .rest(let name): name
    }
  }

  fileprivate init(_ word: Substring) throws(Refusal) {
    guard word.contains(where: { $0 == "{" || $0 == "}" }) else {
      guard let literal = PathSegment.decode(word.utf8) else {
        throw Refusal(reason: "“\(word)” has a percent sign that begins no byte of UTF-8")
      }
      self = .literal(literal)
      return
    }
    guard word.first == "{", word.last == "}",
      word.dropFirst().dropLast().allSatisfy({ $0 != "{" && $0 != "}" })
    else { throw Refusal(reason: "a parameter takes a whole segment: “\(word)” does not") }
    let parts = word.dropFirst().dropLast().split(
      separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let isRest = parts.count == 1 && parts[0].hasSuffix("...")
    let name = isRest ? parts[0].dropLast(3) : parts[0]
    guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else {
      throw Refusal(reason: "“\(name)” is no name: it has letters, digits and underscores")
    }
    if isRest {
      self = .rest(String(name))
    } else if parts.count == 1 {
      self = .parameter(String(name), .any)
    } else if let kind = RoutePattern.Kind(parts[1]) {
      self = .parameter(String(name), kind)
    } else {
      throw Refusal(reason: "“\(parts[1])” is no kind of parameter: there are Int and UUID")
    }
  }
}

/// A segment of a path as it came.
enum PathSegment {
  /// What the segments of a path stand for; `nil` when it does not begin with a slash, or one of them is malformed.
  static func segments(of path: String) -> [String]? {
    let bytes = path.utf8
    guard bytes.first == UInt8(ascii: "/") else { return nil }
    var segments: [String] = []
    var (start, place) = (bytes.index(after: bytes.startIndex), bytes.startIndex)
    var isEncoded = false
    repeat {
      bytes.formIndex(after: &place)
      let byte = place < bytes.endIndex ? bytes[place] : UInt8(ascii: "/")
      if byte == UInt8(ascii: "%") { isEncoded = true }
      guard byte == UInt8(ascii: "/") else { continue }
      if isEncoded {
        guard let segment = decode(bytes[start..<place]) else { return nil }
        segments.append(segment)
      } else {
        segments.append(String(path[start..<place]))
      }
      start = place < bytes.endIndex ? bytes.index(after: place) : place
      isEncoded = false
    } while place < bytes.endIndex
    return segments
  }

  /// The text that it stands for; `nil` when a percent sign begins no byte, or the bytes are no UTF-8, or have a NUL.
  static func decode(_ bytes: some Collection<UInt8>) -> String? {
    guard bytes.contains(UInt8(ascii: "%")) else { return String(validating: bytes, as: UTF8.self) }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      guard let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit else {
        return nil
      }
      decoded.append(high << 4 | low)
    }
    return decoded.contains(0) ? nil : String(validating: decoded, as: UTF8.self)
  }
}
