internal import HTTPTypes
package import NIOCore

/// An event of a stream that a browser follows by `EventSource`.
///
/// ```swift
/// router.get("/ticks") { request, context in
///   Response.events { events in
///     for try await tick in ticks { try await events.send(ServerSentEvent("\(tick)", event: "tick")) }
///   }
/// }
/// ```
///
/// - Source: the HTML Standard of the WHATWG, section 9.2.
public struct ServerSentEvent: Hashable, Sendable {
  /// What it tells; it may have several lines.
  public var data: String
  /// What kind it is; `nil` is `message`.
  public var event: String?
  /// What the client tells as `Last-Event-ID` when it comes again.
  public var id: String?
  /// After how long the client is to come again.
  public var retry: Duration?

  /// Creates an event.
  ///
  /// - Precondition: `event` and `id` are of one line.
  public init(_ data: String, event: String? = nil, id: String? = nil, retry: Duration? = nil) {
    precondition(
      [event, id].allSatisfy { $0?.utf8.contains { $0 == 0x0A || $0 == 0x0D || $0 == 0 } != true },
      "kind and id of an event are of one line")
    (self.data, self.event, self.id, self.retry) = (data, event, id, retry)
  }

  /// As it is sent, for one that is sent to many.
  package var bytes: ByteBuffer { ByteBuffer(string: text) }

  /// As it is sent.
  var text: String {
    var text = ""
    if let event { text += "event: \(event)\n" }
    if let id { text += "id: \(id)\n" }
    if let retry { text += "retry: \(Int(retry / .milliseconds(1)))\n" }
    let lines = data.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    for line in lines { text += "data: \(line)\n" }
    return text + "\n"
  }
}

/// Sends events to a client.
public struct EventWriter: Sendable {
  private let writer: BodyWriter

  init(_ writer: BodyWriter) { self.writer = writer }

  /// Sends an event; suspends the task while the client is behind.
  ///
  /// - Throws: as ``BodyWriter/write(_:)-(ByteBuffer)``.
  public func send(_ event: ServerSentEvent) async throws { try await writer.write(event.text) }

  /// Sends the bytes of an event; as ``send(_:)``.
  package func send(_ bytes: ByteBuffer) async throws { try await writer.write(bytes) }

  /// Sends a word that the client passes over: by this it is noticed, now and then, that it has gone, and proxies do not take
  /// the connection for idle.
  public func sendHeartbeat() async throws { try await writer.write(":\n\n") }
}

extension Response {
  /// A stream of events, which ends when the function returns; it is cancelled when the client goes away.
  public static func events(_ body: @escaping @Sendable (EventWriter) async throws -> Void) -> Response {
    Response(
      headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
      body: .stream { writer in try await body(EventWriter(writer)) })
  }
}
