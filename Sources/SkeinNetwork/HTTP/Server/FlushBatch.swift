internal import NIOCore

/// Connections of an event loop that have something to send: they do so together, when all that had come was looked at.
///
/// Under load a client that waits for several connections is so woken once, and not by each response; and the same code runs
/// for many connections in a row. Nothing waits longer than ``longest``, and nothing at all when nobody else has come.
/// Everything here is touched on the event loop alone.
final class FlushBatch: @unchecked Sendable {
  private static let longest = TimeAmount.microseconds(100)

  private let loop: any EventLoop
  private var waiting: [HTTPConnection] = []
  private var deadline = NIODeadline.distantFuture

  init(_ loop: any EventLoop) { self.loop = loop }

  func add(_ connection: HTTPConnection, now: NIODeadline) {
    if waiting.isEmpty {
      deadline = now + Self.longest
      loop.execute { [self] in flushAll() }
    }
    waiting.append(connection)
    if now > deadline { flushAll() }
  }

  private func flushAll() {
    // One that is flushed may go on, and send more.
    var connections: [HTTPConnection] = []
    swap(&connections, &waiting)
    for connection in connections { connection.flushNow() }
    connections.removeAll(keepingCapacity: true)
    if waiting.isEmpty { swap(&connections, &waiting) }
  }
}
