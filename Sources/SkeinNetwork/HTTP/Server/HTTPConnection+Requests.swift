internal import HTTPTypes
internal import NIOCore

extension HTTPConnection {
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
    if timeouts[.body] != nil, exchange!.body?.isWanted == false {
      timeouts[.body] = nil
      waitForResponse()
    }
    guard let ending = exchange!.ending(hasInput: inbound.readableBytes > 0) else { return false }
    switch ending {
    case .discards:
      if timeouts[.idle] == nil { timeouts[.idle] = now + TimeAmount(options.bodyTimeout) }
      return false
    case .closes:
      finish()
      return false
    case .lingers:
      linger()
      return false
    case .goesOn:
      exchange = nil
      timeouts[.body] = nil
      timeouts[.idle] = nil
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
    if hasInputEnded || (isStopping && requestCount > 0 && inbound.readableBytes == 0) { return finish() }
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
    waitForResponse()
    isAnswering = true
    let request = Request(head, body: body)
    // Begins here and now. Detached: what another connection's task has in its task-locals is not this one's.
    let task = Task.immediateDetached(executorPreference: executor) { [self] in
      await answer(request, number)
    }
    if isAnswering { self.task = task }
  }

  /// The handler has what it needs to answer.
  func waitForResponse() {
    guard let timeout = options.responseTimeout, exchange?.stage == .handling else { return }
    timeouts[.response] = now + TimeAmount(timeout)
  }

  /// The handler waits for more of the body: that is the client's time, and not its own.
  private func bodyIsWanted(_ number: UInt64) {
    guard exchange?.number == number, exchange!.expectsBody else { return }
    if exchange!.takeContinue() {
      write(.byteBuffer(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")))
      flush()
    }
    if exchange!.body?.isWanted == true {
      timeouts[.response] = nil
      timeouts[.body] = now + TimeAmount(options.bodyTimeout)
    }
    readOn()
    watch()
  }

  // MARK: The task

  private func answer(_ request: Request, _ number: UInt64) async {
    let context = RequestContext(id: RequestID(), description)
    requestID = context.id
    await RequestID.$current.withValue(context.id) {
      let response: Response
      do { response = try await handler(request, context) } catch {
        response = Response(error, to: request, context, isGone: exchange?.number != number)
      }
      await send(response, number)
    }
    isAnswering = false
    task = nil
    advance()
    tellOfEnd()
  }
}
