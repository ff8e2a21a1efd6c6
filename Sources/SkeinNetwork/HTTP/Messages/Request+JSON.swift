public import FoundationEssentials
public import HTTPTypes
internal import NIOCore

extension Request {
  /// The body as a value, out of JSON.
  ///
  /// - Parameters:
  ///   - type: what it is.
  ///   - decoder: reads it.
  /// - Throws: ``HTTPError``: 415 for a body that says it is something else; 400 for one that is no JSON, or not such a
  ///   value, with the place where it is not; and as ``RequestBody/collect(upTo:)``.
  /// - Cancellation: as ``RequestBody/collect(upTo:)``.
  public func decode<Value: Decodable>(
    _ type: Value.Type = Value.self, decoder: JSONDecoder = JSONDecoder()
  ) async throws -> Value {
    if let contentType = headers[.contentType] {
      let media = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
      guard media == "application/json" || media.hasSuffix("+json") else {
        throw HTTPError(.unsupportedMediaType, "the body is to be application/json, and not \(media)")
      }
    }
    let bytes = try await body.collect()
    do {
      return try decoder.decode(type, from: Data(bytes.readableBytesView))
    } catch let error as DecodingError {
      throw HTTPError(.badRequest, "the body is not what it should be: \(error.place)")
    }
  }
}

extension DecodingError {
  /// What was wrong, and where.
  fileprivate var place: String {
    switch self {
    case .keyNotFound(let key, let context):
      "“\((context.codingPath + [key]).text)” is missing"
    case .valueNotFound(_, let context): "“\(context.codingPath.text)” is null"
    case .typeMismatch(let type, let context): "“\(context.codingPath.text)” is no \(type)"
    case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is no JSON"
    case .dataCorrupted(let context): "“\(context.codingPath.text)” is malformed"
    @unknown default: "it can not be decoded"
    }
  }
}

extension [any CodingKey] {
  fileprivate var text: String {
    isEmpty
      ? "the whole" : map { key in key.intValue.map { "\($0)" } ?? key.stringValue }.joined(separator: ".")
  }
}

extension Response {
  /// A value as JSON.
  ///
  /// - Parameters:
  ///   - value: what is sent.
  ///   - status: the status.
  ///   - encoder: writes it.
  /// - Throws: what the encoder does.
  public static func json(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, encoder: JSONEncoder = JSONEncoder()
  ) throws -> Response {
    let bytes = ByteBuffer(bytes: try encoder.encode(value))
    return Response(status: status, headers: [.contentType: "application/json"], body: .bytes(bytes))
  }
}

/// A value that a handler returns as JSON.
///
/// ```swift
/// router.get("/users/{id}") { request, context in JSON(try await user(context)) }
/// ```
public struct JSON<Value: Encodable & Sendable>: ResponseConvertible {
  /// What is sent.
  public let value: Value

  /// Wraps a value.
  public init(_ value: Value) { self.value = value }

  /// The value as the body.
  public func response(to request: Request) throws -> Response { try .json(value) }
}
