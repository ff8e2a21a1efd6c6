import DequeModule
import HTTPTypes
import Logging
import NIOCore
import NIOEmbedded
import SkeinSync
import SkeinTesting

@testable import SkeinNetwork

/// A connection of a web server without a network: what the client sends is text, and time is turned by hand.
///
/// All is done on one thread, which is no task's (``onThread(_:)``).
final class Wire {
  let channel = EmbeddedChannel()
  let connection: HTTPConnection
  private let hasEnded = Lock(false)
  private let outgoing = Outgoing()

  /// What goes to the client, which may take it later. Takes note when the server ends its sending, which an embedded channel
  /// takes for the end of all.
  private final class Outgoing: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData
    var hasEnded = false
    var isStalled = false
    private var held: Deque<() -> Void> = []

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      let data = unwrapOutboundIn(data)
      pass { context.write(self.wrapOutboundOut(data), promise: promise) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
      guard mode == .output else { return context.close(mode: mode, promise: promise) }
      pass { [self] in
        hasEnded = true
        promise?.succeed()
      }
    }

    private func pass(_ action: @escaping () -> Void) {
      if isStalled { held.append(action) } else { action() }
    }

    func letGo(_ count: Int, _ channel: EmbeddedChannel) {
      for _ in 0..<min(count, held.count) { held.removeFirst()() }
      channel.flush()
    }
  }

  init(_ options: HTTPServer.Options = HTTPServer.Options(), handler: @escaping RequestHandler) throws {
    connection = HTTPConnection(channel, options, handler)
    try channel.pipeline.syncOperations.addHandlers(outgoing, connection)
    try channel.connect(to: .init(ipAddress: "127.0.0.1", port: 1)).wait()
    let hasEnded = hasEnded
    connection.begin(EventLoopExecutor(channel.embeddedEventLoop)) { hasEnded.withLock { $0 = true } }
  }

  static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

  /// A request with a body, of which some may be missing, as `length` tells.
  static func post(_ body: String, _ fields: String = "", length: Int? = nil) -> String {
    "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: \(length ?? body.utf8.count)\r\n\(fields)\r\n\(body)"
  }

  /// A server that tells what it was asked, and the body.
  static func echo(_ request: Request, _ context: RequestContext) async throws -> Response {
    let body = String(buffer: try await request.body.collect())
    return .text("\(request.method.rawValue) \(request.path) \(body)")
  }

  func send(_ text: String) throws { try send(ByteBuffer(string: text)) }

  func send(_ bytes: ByteBuffer) throws {
    // What is closed gets nothing.
    guard channel.isActive else { return }
    try channel.writeInbound(bytes)
    channel.embeddedEventLoop.run()
  }

  /// The client ends its sending.
  func end() {
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    channel.embeddedEventLoop.run()
  }

  func pass(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

  func run() { channel.embeddedEventLoop.run() }

  /// The client takes nothing any more, or takes again.
  func setWritable(_ isWritable: Bool) {
    channel.isWritable = isWritable
    channel.pipeline.fireChannelWritabilityChanged()
    run()
  }

  /// Whether the client takes nothing of what is written from now on.
  var isStalled: Bool {
    get { outgoing.isStalled }
    set { outgoing.isStalled = newValue }
  }

  /// The client takes as many of the writes that wait, or all and the end of the sending.
  func letGo(_ count: Int = .max) {
    outgoing.letGo(count, channel)
    run()
  }

  /// All that came since the last time, without dates.
  func take() throws -> String {
    var text = ""
    while let data = try channel.readOutbound(as: IOData.self) {
      if case .byteBuffer(let bytes) = data { text += String(buffer: bytes) }
    }
    return text.split(separator: "\r\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("Date: ") }.joined(separator: "\r\n")
  }

  /// The statuses and bodies of the responses that came since the last time, all of which have a length.
  func responses() throws -> [String] {
    var rest = Substring(try take())
    var responses: [String] = []
    while let end = rest.range(of: "\r\n\r\n") {
      let head = rest[..<end.lowerBound]
      let length =
        head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        .flatMap { Int($0.dropFirst(16)) } ?? 0
      let body = rest[end.upperBound...].prefix(length)
      responses.append("\(head.dropFirst(9).prefix(3)) \(body)")
      rest = rest[body.endIndex...]
    }
    if !rest.isEmpty { responses.append("?? \(rest)") }
    return responses
  }

  var isClosed: Bool { !channel.isActive }

  /// Whether the server has ended its sending.
  var hasServerEnded: Bool { outgoing.hasEnded || isClosed }

  /// Whether the connection has told that nothing is left of it.
  var isOver: Bool { hasEnded.withLock { $0 } }
}

/// Runs a test of a connection on a thread of its own.
func onWire(_ body: @escaping @Sendable () throws -> Void) async throws { try await onThread(body) }

/// A gate that a handler waits at.
final class HandlerGate: Sendable {
  let event = Event(name: "gate of a handler")
  func pass() async throws { try await event.wait() }
}

extension Substring {
  fileprivate func range(of text: String) -> Range<Index>? {
    var place = startIndex
    while place < endIndex {
      if self[place...].hasPrefix(text) { return place..<index(place, offsetBy: text.count) }
      place = index(after: place)
    }
    return nil
  }
}
