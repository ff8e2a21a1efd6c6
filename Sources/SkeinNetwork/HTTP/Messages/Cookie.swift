internal import HTTPTypes

/// What a client keeps for a server, and sends with each request.
///
/// ```swift
/// var response = Response.text("welcome")
/// response.setCookie(Cookie("session", token, maximumAge: .seconds(3600)))
/// let session = request.cookies["session"]
/// ```
///
/// A new one is for this host alone, is not shown to scripts, and does not go along with requests from other sites: what is
/// less safe has to be asked for.
///
/// - Source: RFC 6265, with `SameSite` of its successor.
public struct Cookie: Hashable, Sendable {
  /// With which requests from other sites it goes along.
  public enum SameSite: String, Hashable, Sendable {
    /// With none.
    case strict = "Strict"
    /// With those alone by which the user comes here.
    case lax = "Lax"
    /// With all; only over TLS.
    case none = "None"
  }

  /// The name.
  public let name: String
  /// The value.
  public let value: String
  /// For which paths it is: that one, and all below.
  public var path = "/"
  /// For which hosts it is: that one, and all below; `nil` for this one alone.
  public var domain: String?
  /// How long it is kept; `nil` until the browser ends, zero to delete it.
  public var maximumAge: Duration?
  /// Whether it is sent over TLS alone.
  public var isSecure = false
  /// Whether scripts of a page do not see it.
  public var isHiddenFromScripts = true
  /// With which requests from other sites it goes along.
  public var sameSite = SameSite.lax

  /// Creates a cookie.
  ///
  /// - Parameters:
  ///   - name: letters, digits and `!#$%&'*+-.^_`|~`.
  ///   - value: any of ASCII but blanks, quotes, commas, semicolons and backslashes. Encode what may have others.
  ///   - maximumAge: how long it is kept; `nil` until the browser ends, zero to delete it.
  /// - Precondition: name and value have such characters alone.
  public init(_ name: String, _ value: String, maximumAge: Duration? = nil) {
    precondition(HTTPField.Name(name) != nil, "“\(name)” is no name of a cookie")
    precondition(
      value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\",;\\".utf8.contains($0) },
      "the value of the cookie “\(name)” has characters that no cookie has: encode it")
    (self.name, self.value, self.maximumAge) = (name, value, maximumAge)
  }

  /// As the field `Set-Cookie` has it.
  var text: String {
    var text = "\(name)=\(value); Path=\(path)"
    if let domain { text += "; Domain=\(domain)" }
    if let maximumAge { text += "; Max-Age=\(maximumAge.components.seconds)" }
    if isSecure || sameSite == .none { text += "; Secure" }
    if isHiddenFromScripts { text += "; HttpOnly" }
    return text + "; SameSite=\(sameSite.rawValue)"
  }
}

extension Response {
  /// Has the client keep a cookie.
  public mutating func setCookie(_ cookie: Cookie) {
    headers.append(HTTPField(name: .setCookie, value: cookie.text))
  }
}

extension Request {
  /// The cookies that came with the request, by their names; of several of one name the first.
  public var cookies: [String: String] {
    guard let text = headers[.cookie] else { return [:] }
    let pairs = text.split(separator: ";").compactMap { pair -> (String, String)? in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      let value = parts[1].trimmingBlanks()
      return (String(parts[0].trimmingBlanks()), String(value.count > 1 ? value.withoutQuotes() : value))
    }
    return Dictionary(pairs) { first, _ in first }
  }
}

extension Substring {
  /// Without blanks at its ends.
  func trimmingBlanks() -> Substring {
    var text = self
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }

  fileprivate func withoutQuotes() -> Substring {
    first == "\"" && last == "\"" ? dropFirst().dropLast() : self
  }
}
