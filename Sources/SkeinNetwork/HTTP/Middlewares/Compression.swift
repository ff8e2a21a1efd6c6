internal import HTTPTypes
internal import NIOCore
internal import NIOPosix

/// Compresses responses with gzip, for clients that take it.
///
/// What is compressed: texts, JSON, JavaScript, SVG and the like, of a kilobyte and more, and streams of these, each piece of
/// which the client can use as soon as it was written. What is not: pictures and archives, responses that have an encoding
/// or a range, and those that say `no-transform`. A strong `ETag` becomes a weak one: the bytes are others.
///
/// Secrets and what a client chose do not belong into one compressed response over TLS: its length tells of both (BREACH).
///
/// - Source: RFC 9110, sections 8.4 and 12.5.3; RFC 1952.
public struct Compression: Middleware {
  private let level: Int
  private let minimumBytes: Int

  /// Creates it.
  ///
  /// - Parameters:
  ///   - level: 1, the fastest, to 9, the smallest.
  ///   - minimumBytes: smaller bodies are sent as they are.
  /// - Precondition: `level` is in 1...9.
  public init(level: Int = 5, minimumBytes: Int = 1024) {
    precondition((1...9).contains(level), "levels of compression are 1 to 9")
    (self.level, self.minimumBytes) = (level, minimumBytes)
  }

  /// See ``Middleware``.
  public func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    var response = try await answer(request, context, by: next)
    guard isCompressible(response) else { return response }
    response.vary(on: "Accept-Encoding")
    guard request.accepts(encoding: "gzip") else { return response }
    response.body = request.method == .head ? .stream { _ in } : try await compressed(response.body)
    response.headers[.contentEncoding] = "gzip"
    response.headers[.acceptRanges] = nil
    if let tag = response.headers[.eTag], !tag.hasPrefix("W/") { response.headers[.eTag] = "W/\(tag)" }
    return response
  }

  private func isCompressible(_ response: Response) -> Bool {
    guard response.status != .partialContent, !response.headers.contains(.contentEncoding),
      !response.headers.contains(.contentRange),
      response.headers[.cacheControl]?.contains("no-transform") != true,
      response.body.length ?? .max >= minimumBytes
    else { return false }
    let type = (response.headers[.contentType] ?? "").prefix { $0 != ";" }.lowercased()
    return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml")
      || [
        "application/json", "application/javascript", "application/xml", "application/wasm",
        "application/manifest+json", "image/svg+xml", "application/x-ndjson",
      ].contains(type)
  }

  /// What is large is compressed on another thread: others of this one's connections wait meanwhile.
  private func compressed(_ body: ResponseBody) async throws -> ResponseBody {
    let encoder = GzipEncoder(level: level)
    switch body.content {
    case .bytes(let bytes) where bytes.readableBytes <= Self.pieceSize:
      return .bytes(encoder.encode(bytes, .end))
    case .bytes(let bytes):
      return .bytes(try await NIOThreadPool.singleton.runIfActive { encoder.encode(bytes, .end) })
    case .stream(_, let write):
      return .stream { writer in
        try await write(BodyWriter { try await writer.write(encoder.encode($0, .sync)) })
        try await writer.write(encoder.encode(ByteBuffer(), .end))
      }
    case .file(let file, var rest):
      let pieces = stride(from: rest.lowerBound, to: rest.upperBound, by: Self.pieceSize).map { _ in
        let piece = rest.prefix(Self.pieceSize)
        rest = rest.dropFirst(Self.pieceSize)
        return piece
      }
      return .stream { writer in
        for piece in pieces {
          try await writer.write(
            NIOThreadPool.singleton.runIfActive { encoder.encode(try file.read(piece), .none) })
        }
        try await writer.write(encoder.encode(ByteBuffer(), .end))
      }
    }
  }

  private static let pieceSize = 64 * 1024
}

extension Request {
  /// Whether the client takes responses in an encoding.
  func accepts(encoding: String) -> Bool {
    guard let text = headers[.acceptEncoding] else { return false }
    var others: Bool?
    for part in text.split(separator: ",") {
      let words = part.split(separator: ";").map { $0.trimmingBlanks().lowercased() }
      guard let name = words.first else { continue }
      let weight = words.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      if name == encoding { return weight > 0 }
      if name == "*" { others = weight > 0 }
    }
    return others ?? false
  }
}
