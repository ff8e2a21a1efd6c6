internal import HTTPTypes
internal import Logging
internal import NIOCore

/// A connection of a web server: takes requests out of what comes, has them answered one by one, and sends the answers.
///
/// ```text
/// waiting ──(a place)──> open ──(the last response, a refusal)──> lingering ──(the client's end)──> closed
/// ```
///
/// While it is open there is an ``Exchange``, or the head of the next request comes. Everything here is touched on the
/// channel's event loop alone, on which the tasks that answer run too; what a handler may hold, the body of the request and
/// the writer of the response, comes here from other threads through the loop.
final class HTTPConnection: ChannelDuplexHandler, ServedConnection, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  private struct Incoming: Sendable {
    let request: Request
    let number: UInt64
  }

  private enum Phase {
    case waiting, open, lingering, closed
  }

  /// How many bytes wait to be looked at, or to be taken by a handler, before no more are taken from the socket.
  private static let inboundLimit = 1 << 16
  /// After how many requests in a row other connections have their turn.
  private static let requestsPerTurn = 32
  private static let lingerTime = TimeAmount.seconds(2)

  let channel: any Channel
  let options: HTTPServer.Options
  let window = OutboundWindow()
  private let handler: RequestHandler
  private let onActive: (HTTPConnection) -> Void
  private let onInactive: () -> Void
  private let description: ConnectionDescription

  private var context: ChannelHandlerContext?
  private var executor: EventLoopExecutor?

  private var phase = Phase.waiting
  private var inbound = ByteBuffer()
  private var parser: RequestParser
  var exchange: Exchange?
  /// Has the requests answered, one by one, until the connection is closed.
  private var task: Task<Void, Never>?
  /// Whether a handler is at work: it may be so after the exchange, or the connection, has ended.
  private var isAnswering = false
  /// The next request, when the task has not taken it yet.
  private var incoming: Incoming?
  /// Set while the task waits for the next request.
  private var waiter: UnsafeContinuation<Incoming?, Never>?
  private var requestCount: UInt64 = 0
  var timeouts = ConnectionTimeouts()

  private var hasInputEnded = false
  private var isStopping = false
  private var isReadHeld = false
  /// Whether something is to be sent, together with what other connections send.
  private var isInBatch = false
  /// What heads are written into: the same memory each time, if the socket has taken the last one.
  var outbound = ByteBuffer()
  private var isAdvancing = false

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
    self.executor = executor
    phase = .open
    timeouts[.head] = now + TimeAmount(options.headTimeout)
    task = Task.immediate(executorPreference: executor) { [self] in
      await answerAll()
      onEnd()
    }
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
    guard phase != .lingering, phase != .closed else { return }
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
    case .lingering, .closed: true
    case .open: inbound.readableBytes + (exchange?.body?.waitingBytes ?? 0) < Self.inboundLimit
    }
  }

  private func readOn() {
    guard isReadHeld, wantsInput else { return }
    isReadHeld = false
    context?.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    timeouts[.write] = channel.isWritable ? nil : now + TimeAmount(options.writeTimeout)
    if channel.isWritable { advance() } else { watch() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
    hasInputEnded = true
    if phase == .lingering { return closeNow() }
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
    task = nil
    waiter?.resume(returning: nil)
    waiter = nil
    if wasWaiting { onInactive() }
  }

  // MARK: Requests

  /// Goes on as far as what has come allows.
  func advance() {
    guard phase == .open, !isAdvancing else { return }
    isAdvancing = true
    var count = 0
    while phase == .open, step() {
      count += 1
      guard count < Self.requestsPerTurn else {
        eventLoop.execute { [self] in advance() }
        break
      }
    }
    isAdvancing = false
    readOn()
    watch()
  }

  /// Makes a step; false when something has to happen first.
  private func step() -> Bool {
    guard exchange != nil else { return takeRequest() }
    exchange!.receiveBody(&inbound)
    if exchange!.body?.isWanted == false { timeouts[.body] = nil }
    guard let ending = exchange!.ending(hasInput: inbound.readableBytes > 0) else { return false }
    switch ending {
    case .discards:
      if hasInputEnded { closeNow() }
      return false
    case .closes:
      exchange = nil
      finish()
      return false
    case .lingers:
      linger()
      return false
    case .goesOn:
      exchange = nil
      timeouts[.body] = nil
      return true
    }
  }

  private func takeRequest() -> Bool {
    // Who does not take the answers gets no more of them; and a handler that was given up is waited for.
    guard channel.isWritable, !isAnswering else {
      timeouts[.head] = nil
      timeouts[.idle] = nil
      return false
    }
    do throws(HTTPError) {
      if let head = try parser.parse(&inbound) {
        begin(head)
        return true
      }
    } catch {
      refuse(error)
      return false
    }
    waitForHead()
    return false
  }

  /// No head is complete.
  private func waitForHead() {
    if hasInputEnded || (isStopping && requestCount > 0 && inbound.readableBytes == 0) { return closeNow() }
    guard timeouts[.head] == nil else { return }
    if inbound.readableBytes > 0 {
      timeouts[.idle] = nil
      timeouts[.head] = now + TimeAmount(options.headTimeout)
    } else if timeouts[.idle] == nil {
      timeouts[.idle] = now + TimeAmount(options.idleTimeout)
    }
  }

  private func begin(_ head: RequestHead) {
    requestCount += 1
    let number = requestCount
    timeouts[.head] = nil
    timeouts[.idle] = nil
    if let timeout = options.responseTimeout { timeouts[.response] = now + TimeAmount(timeout) }
    var exchange = Exchange(
      head, number: number, keepsAlive: requestCount < options.maximumRequestsPerConnection)
    let body: RequestBody
    if let bytes = exchange.wholeBody(&inbound) {
      body = RequestBody(.bytes(bytes), limit: options.maximumBodyBytes)
    } else {
      let stream = RequestBodyStream(length: exchange.bodyLength) { [weak self] in
        self?.onLoop { $0.bodyIsWanted(number) }
      }
      exchange.body = stream
      body = RequestBody(.stream(stream), limit: options.maximumBodyBytes)
    }
    self.exchange = exchange
    isAnswering = true
    let incoming = Incoming(request: Request(head, body: body), number: number)
    if let waiter, let executor {
      self.waiter = nil
      executor.resume(waiter, returning: incoming)
    } else {
      self.incoming = incoming
    }
  }

  /// The handler waits for more of the body.
  private func bodyIsWanted(_ number: UInt64) {
    guard exchange?.number == number, exchange!.expectsBody else { return }
    if exchange!.takeContinue() {
      write(.byteBuffer(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")))
      flush()
    }
    if exchange!.body?.isWanted == true { timeouts[.body] = now + TimeAmount(options.bodyTimeout) }
    readOn()
    watch()
  }

  // MARK: The task

  private func answerAll() async {
    while let next = await nextRequest() {
      await answer(next.request, next.number)
      isAnswering = false
      advance()
    }
  }

  /// The next request; `nil` when the connection is closed.
  private func nextRequest() async -> Incoming? {
    defer { incoming = nil }
    if let incoming { return incoming }
    if phase == .closed { return nil }
    return await withUnsafeContinuation { waiter = $0 }
  }

  private func answer(_ request: Request, _ number: UInt64) async {
    let context = RequestContext(id: RequestID(), description)
    let response = await RequestID.$current.withValue(context.id) {
      do { return try await handler(request, context) } catch {
        return Response(error, to: request, context, isGone: exchange?.number != number)
      }
    }
    await send(response, number)
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
    let promise = exchange!.beginResponse(framing, mayGoOn: !isStopping && !hasInputEnded)
    outbound.clear(minimumCapacity: 512)
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
  private func refuse(_ error: HTTPError) {
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
  private func finish() {
    flushNow()
    if channel.isWritable, window.pendingBytes == 0 {
      closeNow()
    } else {
      linger()
    }
  }

  /// Tells the client that this is the end, and gives it time to see it: what it sends meanwhile is thrown away. If the
  /// socket were closed at once, with bytes that nobody read, the client's system might throw away the response.
  private func linger() {
    phase = .lingering
    exchange?.body?.fail(.badRequest("the connection has ended"))
    exchange = nil
    inbound = ByteBuffer()
    flushNow()
    timeouts.clear()
    context?.close(mode: .output, promise: nil)
    if hasInputEnded { return closeNow() }
    timeouts[.linger] = now + Self.lingerTime
    readOn()
    watch()
  }

  // MARK: Time

  /// Has a timer for what is due first.
  func watch() {
    guard phase != .closed, let instant = timeouts.setTimer() else { return }
    eventLoop.assumeIsolated().scheduleTask(deadline: instant) { [weak self] in self?.timerFired() }
  }

  private func timerFired() {
    guard phase != .closed else { return }
    switch timeouts.fire(at: now) {
    case nil: break
    case .idle?, .write?, .linger?: closeNow()
    case .head?:
      if inbound.readableBytes == 0 {
        closeNow()
      } else {
        refuse(HTTPError(.requestTimeout, "the head of the request has not come in time"))
      }
    case .body?:
      exchange?.breakBody(HTTPError(.requestTimeout, "the body of the request does not go on"))
    case .response?: giveUp()
    }
    watch()
  }

  /// The handler does not answer.
  private func giveUp() {
    guard let exchange, exchange.stage == .handling else { return }
    options.logger.error(
      "a handler has not answered in time", metadata: ["remote": "\(description.remote)"])
    task?.cancel()
    refuse(HTTPError(.serviceUnavailable, "the request could not be answered in time"))
  }
}
