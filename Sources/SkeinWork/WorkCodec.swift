public import FoundationEssentials

/// How work and its results become bytes.
///
/// No codec may be able to run code when it decodes.
public protocol WorkCodec: Sendable {
  /// The media type that is stored beside the bytes.
  var contentType: String { get }

  /// Encodes a value.
  ///
  /// - Throws: `EncodingError` for a value that has no form here, such as an infinite number in JSON.
  func encode(_ value: some Encodable) throws -> Data

  /// Decodes a value.
  ///
  /// - Throws: `DecodingError`, which names the place.
  func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value
}

extension WorkCodec where Self == JSONCodec {
  /// The interoperable codec: JSON as other languages write it.
  public static var json: JSONCodec { JSONCodec() }
}

/// JSON with sorted keys, so that equal values have equal bytes; dates are ISO 8601 text with fractions of a second in
/// UTC, bytes are base64.
public struct JSONCodec: WorkCodec {
  /// `application/json`.
  public var contentType: String { "application/json" }

  /// Creates the codec; all of them are alike.
  public init() {}

  /// Encodes a value as JSON.
  public func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(date.formatted(Self.dateStyle))
    }
    return try encoder.encode(value)
  }

  /// Decodes a value from JSON.
  public func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      let text = try container.decode(String.self)
      for style in [Self.dateStyle, Date.ISO8601FormatStyle()] {
        if let date = try? style.parse(text) { return date }
      }
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no ISO 8601 date")
    }
    return try decoder.decode(type, from: data)
  }

  private static let dateStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
