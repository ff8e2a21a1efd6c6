internal import HTTPTypes
internal import Logging
internal import NIOCore

extension HTTPConnection {
  /// Has a timer for what is due first.
  func watch() {
    guard phase != .closed, let instant = timeouts.setTimer() else { return }
    eventLoop.assumeIsolated().scheduleTask(deadline: instant) { [weak self] in self?.timerFired() }
  }

  /// The client has until then to take something, while something is under way to it.
  func waitForClient() {
    guard phase == .open || phase == .ending else { return }
    let isUnderWay =
      phase == .ending ? !hasOutputEnded : !channel.isWritable || window.pendingBytes > 0
    timeouts[.write] = isUnderWay ? now + TimeAmount(options.writeTimeout) : nil
    watch()
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
      waitForResponse()
    case .response?: giveUp()
    }
    watch()
  }

  /// What is logged of the request that is being answered.
  var logMetadata: Logger.Metadata {
    ["request": "\(requestID.map { "\($0)" } ?? "-")", "remote": "\(description.remote)"]
  }

  /// The handler does not answer.
  private func giveUp() {
    guard let exchange, exchange.stage == .handling else { return }
    options.logger.error("a handler has not answered in time", metadata: logMetadata)
    task?.cancel()
    refuse(HTTPError(.serviceUnavailable, "the request could not be answered in time"))
  }
}
