internal import HTTPTypes

/// Under which conditions a request is to be answered.
enum Condition: Hashable, Sendable {
  /// As if there were none.
  case holds
  /// The client has what there is: 304.
  case notModified
  /// What there is is not what the client thinks: 412.
  case failed

  /// - Parameters:
  ///   - request: the request.
  ///   - tag: of what there is, strong.
  ///   - modified: when that was changed, in seconds since 1970.
  /// - Source: RFC 9110, section 13.2.2.
  init(_ request: Request, tag: String, modified: Int) {
    let headers = request.headers
    if let tags = headers[.ifMatch] {
      guard Self.list(tags, has: tag, isWeak: false) else {
        self = .failed
        return
      }
    } else if let date = headers[.ifUnmodifiedSince].flatMap(HTTPDate.seconds), modified > date {
      self = .failed
      return
    }
    let isRead = request.method == .get || request.method == .head
    if let tags = headers[.ifNoneMatch] {
      guard Self.list(tags, has: tag, isWeak: true) else {
        self = .holds
        return
      }
      self = isRead ? .notModified : .failed
    } else if isRead, let date = headers[.ifModifiedSince].flatMap(HTTPDate.seconds), modified <= date {
      self = .notModified
    } else {
      self = .holds
    }
  }

  /// Whether a range is to be sent, and not the whole: `If-Range` names what the client has the other part of.
  static func allowsRange(_ request: Request, tag: String, modified: Int) -> Bool {
    guard let condition = request.headers[.ifRange] else { return true }
    // A weak tag says nothing about bytes.
    if condition.hasPrefix("\"") { return condition == tag }
    return HTTPDate.seconds(condition) == modified
  }

  /// - Parameter isWeak: whether a weak tag is as good as a strong one.
  private static func list(_ text: String, has tag: String, isWeak: Bool) -> Bool {
    if text.trimmedBlanks == "*" { return true }
    // Tags may have commas: they are what stands in quotes.
    var rest = text[...]
    while let quote = rest.firstIndex(of: "\"") {
      let isWeakTag = rest[..<quote].hasSuffix("W/")
      guard let end = rest[rest.index(after: quote)...].firstIndex(of: "\"") else { return false }
      if rest[quote...end] == tag[...], isWeak || !isWeakTag { return true }
      rest = rest[rest.index(after: end)...]
    }
    return false
  }
}

extension String {
  fileprivate var trimmedBlanks: Substring { self[...].trimmingBlanks() }
}
