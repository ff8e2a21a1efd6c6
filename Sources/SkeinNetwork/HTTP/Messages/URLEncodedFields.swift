internal import HTTPTypes
internal import NIOCore

/// Names and values as they stand in a query, or in a form: `q=swift&lang=en`.
///
/// ```swift
/// let page = request.query["page"].flatMap(Int.init) ?? 1
/// let form = try await request.form()
/// ```
///
/// - Source: the URL Standard of the WHATWG, section 5 (application/x-www-form-urlencoded).
public struct URLEncodedFields: Hashable, Sendable, Sequence {
  /// A name, and the value that it has.
  public struct Field: Hashable, Sendable {
    /// The name, decoded.
    public var name: String
    /// The value, decoded; empty without an equals sign.
    public var value: String
  }

  private let fields: [Field]

  /// Reads a text. What is malformed stands for itself, as browsers have it; bytes that are no UTF-8 become U+FFFD.
  public init(_ text: String) {
    fields = text.utf8.split(separator: UInt8(ascii: "&")).map { pair in
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      return Field(name: Self.decode(parts[0]), value: parts.count > 1 ? Self.decode(parts[1]) : "")
    }
  }

  /// The first value of a name; `nil` without one.
  public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  /// All values of a name, in their order.
  public func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  /// Goes over the fields in their order.
  public func makeIterator() -> some IteratorProtocol<Field> { fields.makeIterator() }

  private static func decode(_ text: Substring.UTF8View) -> String {
    guard text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return String(Substring(text))
    }
    var decoded: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.first?.hexDigit, let low = rest.dropFirst().first?.hexDigit else { fallthrough }
        decoded.append(high << 4 | low)
        rest = rest.dropFirst(2)
      default: decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }
}

extension Request {
  /// What stands in the query.
  public var query: URLEncodedFields { URLEncodedFields(queryString ?? "") }

  /// What stands in the body, which is a form of a browser.
  ///
  /// - Throws: ``HTTPError``: 415 for a body that is something else; and as ``RequestBody/collect(upTo:)``.
  /// - Cancellation: as ``RequestBody/collect(upTo:)``.
  public func form() async throws -> URLEncodedFields {
    let media = headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased()
    guard media == "application/x-www-form-urlencoded" else {
      throw HTTPError(.unsupportedMediaType, "the body is to be application/x-www-form-urlencoded")
    }
    return URLEncodedFields(String(buffer: try await body.collect()))
  }
}
