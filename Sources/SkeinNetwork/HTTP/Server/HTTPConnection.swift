internal import HTTPTypes
internal import Logging
internal import NIOCore

/// A connection of a web server: takes requests out of what comes, has them answered one by one, and sends the answers.
///
/// ```text
/// waiting ──(a place)──> open ──(the last response, a refusal)──> ending ──(all has gone; the client's end)──> closed
/// ```
///
/// While it is open there is an ``Exchange``, or the head of the next request comes. Everything here is touched on the
/// channel's event loop alone, on which the tasks that answer run too; what a handler may hold, the body of the request and
/// the writer of the response, comes here from other threads through the loop.
final class HTTPConnection: ChannelDuplexHandler, ServedConnection, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  enum Phase {
    case waiting, open, ending, closed
  }

  /// How many bytes wait to be looked at, or to be taken by a handler, before no more are taken from the socket.
  static let inboundLimit = 1 << 16
  /// After how many requests in a row other connections have their turn.
  static let requestsPerTurn = 32
  static let lingerTime = TimeAmount.seconds(2)

  let channel: any Channel
  let options: HTTPServer.Options
  let window = OutboundWindow()
  let handler: RequestHandler
  let onActive: (HTTPConnection) -> Void
  let onInactive: () -> Void
  let description: ConnectionDescription

  var context: ChannelHandlerContext?
  var executor: EventLoopExecutor?

  var phase = Phase.waiting
  var inbound = ByteBuffer()
  var parser: RequestParser
  var exchange: Exchange?
  /// Of the handler that is at work: it may be so after the exchange, or the connection, has ended.
  var task: Task<Void, Never>?
  var isAnswering = false
  var onEnd: (@Sendable () -> Void)?
  var requestCount: UInt64 = 0
  /// Of the last one that a handler got.
  var requestID: RequestID?
  var timeouts = ConnectionTimeouts()

  var hasInputEnded = false
  /// Whether all that was to be sent has gone, and the end of it.
  var hasOutputEnded = false
  var isStopping = false
  var isReadHeld = false
  /// Whether something is to be sent, together with what other connections send.
  var isInBatch = false
  /// What a head is written into.
  var outbound = ByteBuffer()
  var isAdvancing = false

  init(
    _ channel: any Channel, _ options: HTTPServer.Options, _ handler: @escaping RequestHandler,
    onActive: @escaping (HTTPConnection) -> Void = { _ in }, onInactive: @escaping () -> Void = {}
  ) {
    self.channel = channel
    self.options = options
    self.handler = handler
    self.onActive = onActive
    self.onInactive = onInactive
    description = ConnectionDescription(
      remote: TCPEndpoint(channel.remoteAddress), logger: options.logger)
    parser = RequestParser(
      limits: HeadLimits(
        requestLine: options.maximumRequestLineBytes, head: options.maximumHeadBytes,
        fields: options.maximumFields))
  }

  var eventLoop: any EventLoop { channel.eventLoop }

  // MARK: Beginning and ending

  func begin(_ executor: EventLoopExecutor, onEnd: @escaping @Sendable () -> Void) {
    guard phase == .waiting else { return onEnd() }
    (self.executor, self.onEnd) = (executor, onEnd)
    phase = .open
    timeouts[.head] = now + TimeAmount(options.headTimeout)
    advance()
  }

  func stopWhenIdle() {
    onLoop { connection in
      connection.isStopping = true
      guard connection.phase == .open, connection.exchange == nil, connection.inbound.readableBytes == 0
      else { return }
      // A client that has just come may be about to ask.
      let grace = connection.requestCount == 0 ? TimeAmount.seconds(1) : .zero
      let end = connection.now + grace
      connection.timeouts[.idle] = min(connection.timeouts[.idle] ?? end, end)
      connection.watch()
    }
  }

  func cancel() {
    onLoop { connection in
      connection.task?.cancel()
      connection.closeNow()
    }
  }

  func close() { channel.close(promise: nil) }

  /// Does something on the event loop: at once, if this is it.
  func onLoop(_ body: @escaping @Sendable (HTTPConnection) -> Void) {
    if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
  }

  var now: NIODeadline { eventLoop.now }

  func closeNow() { context?.close(promise: nil) }

  // MARK: The channel's events

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) { onActive(self) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard phase != .ending, phase != .closed else { return }
    var bytes = unwrapInboundIn(data)
    if inbound.readableBytes == 0 {
      inbound = bytes
    } else {
      inbound.discardReadBytes()
      inbound.writeBuffer(&bytes)
    }
    bytes = ByteBuffer()
    advance()
    // The socket's buffer can be used again.
    if inbound.readableBytes == 0 { inbound = ByteBuffer() }
  }

  func read(context: ChannelHandlerContext) {
    isReadHeld = !wantsInput
    if !isReadHeld { context.read() }
  }

  var wantsInput: Bool {
    switch phase {
    case .waiting: false
    case .ending, .closed: true
    case .open: inbound.readableBytes + (exchange?.body?.waitingBytes ?? 0) < Self.inboundLimit
    }
  }

  func readOn() {
    guard isReadHeld, wantsInput else { return }
    isReadHeld = false
    context?.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    waitForClient()
    // Not at once: it may be another connection's task that has flushed this one, and would have to wait.
    if channel.isWritable { eventLoop.execute { [self] in advance() } }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
    hasInputEnded = true
    if hasOutputEnded { return closeNow() }
    if exchange?.expectsBody == true {
      exchange?.breakBody(.badRequest("the body ends before its end"))
    }
    advance()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelInactive(context: ChannelHandlerContext) {
    let wasWaiting = phase == .waiting
    phase = .closed
    timeouts.clear()
    inbound = ByteBuffer()
    exchange?.body?.fail(.badRequest("the client has gone"))
    exchange = nil
    window.end(.reset)
    task?.cancel()
    if wasWaiting { onInactive() }
    tellOfEnd()
  }

  /// Tells those who count, when the channel is closed and no handler is at work.
  func tellOfEnd() {
    guard phase == .closed, !isAnswering, let onEnd else { return }
    self.onEnd = nil
    onEnd()
  }

  // MARK: Sending

  func write(_ data: IOData, promise: EventLoopPromise<Void>? = nil) {
    guard let context else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    context.write(wrapOutboundOut(data), promise: promise)
  }

  /// Hands what was written to the socket, when all that has come was looked at.
  func flush() {
    guard let executor, !isInBatch else { return }
    isInBatch = true
    executor.flushes.add(self, now: now)
  }

  /// Hands what was written to the socket.
  func flushNow() {
    isInBatch = false
    context?.flush()
  }

  /// Begins a response: its head is in ``outbound``; `nil` when nobody waits for it any more.
  func beginResponse(_ response: Response, _ number: UInt64) -> ResponseFraming? {
    guard phase == .open, exchange?.number == number, exchange!.stage == .handling else { return nil }
    timeouts[.response] = nil
    let framing = ResponseFraming(
      status: response.status, length: response.body.length, isHead: exchange!.isHead,
      minorVersion: exchange!.minorVersion)
    let isLast = isStopping || (hasInputEnded && inbound.readableBytes == 0)
    let promise = exchange!.beginResponse(framing, mayGoOn: !isLast)
    outbound = channel.allocator.buffer(capacity: 512)
    ResponseEncoder.write(response, framing, promise, to: &outbound)
    return framing
  }

  /// All of the response has been handed over.
  func endResponse(_ number: UInt64) {
    guard exchange?.number == number else { return }
    exchange!.endResponse()
    flush()
    advance()
  }

  /// Answers what is no request, and ends the connection.
  func refuse(_ error: HTTPError) {
    options.logger.debug(
      "a request was refused", metadata: ["remote": "\(description.remote)", "error": "\(error)"])
    var head = channel.allocator.buffer(capacity: 512)
    let response = Response(error, asJSON: false)
    guard case .bytes(let body) = response.body.content else { return }
    ResponseEncoder.write(response, .length(body.readableBytes), .close, to: &head)
    head.writeImmutableBuffer(body)
    write(.byteBuffer(head))
    linger()
  }

  /// Sends what is to be sent, and closes.
  func finish() { end(lingers: false) }

  /// Tells the client that this is the end, and gives it time to see it: what it sends meanwhile is thrown away. If the
  /// socket were closed at once, with bytes that nobody read, the client's system might throw away the response.
  func linger() { end(lingers: true) }

  private func end(lingers: Bool) {
    phase = .ending
    exchange?.body?.fail(.badRequest("the connection has ended"))
    exchange = nil
    inbound = ByteBuffer()
    timeouts.clear()
    waitForClient()
    // The end goes behind all that waits to be taken. Where the client has ended its direction, the channel would close as a
    // whole, and drop that: so its end waits until all has been taken.
    if hasInputEnded {
      let taken = eventLoop.makePromise(of: Void.self)
      taken.futureResult.assumeIsolated().whenComplete { [self] _ in endOutput(lingers: lingers) }
      write(.byteBuffer(ByteBuffer()), promise: taken)
      flushNow()
    } else {
      flushNow()
      endOutput(lingers: lingers)
    }
    readOn()
  }

  private func endOutput(lingers: Bool) {
    let promise = eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { [self] _ in outputHasEnded(lingers: lingers) }
    if let context { context.close(mode: .output, promise: promise) } else { promise.succeed() }
  }

  private func outputHasEnded(lingers: Bool) {
    guard phase == .ending else { return }
    hasOutputEnded = true
    timeouts[.write] = nil
    guard lingers, !hasInputEnded else { return closeNow() }
    timeouts[.linger] = now + Self.lingerTime
    watch()
  }
}
