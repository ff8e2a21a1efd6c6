internal import SkeinSync

/// How many bytes were handed to a channel, and are not with its socket yet: who writes waits while they are many.
final class OutboundWindow: Sendable {
  private struct State: Sendable {
    var bytes = 0
    var end: StreamError?
  }

  private static let limit = 1 << 16

  private let state = Lock(State(), internalTo: "OutboundWindow")
  private let hasRoom = Event(name: "room for the network")

  /// Counts bytes as handed over, once there is room for some.
  func reserve<C: DeadlineClock>(_ count: Int, until deadline: C.Instant?, clock: C) async throws {
    while try !tryReserve(count) { try await hasRoom.wait(until: deadline, clock) }
  }

  private func tryReserve(_ count: Int) throws(StreamError) -> Bool {
    let result = state.withLock { state -> Result<Bool, StreamError> in
      if let end = state.end { return .failure(end) }
      guard state.bytes < Self.limit else {
        hasRoom.reset()
        return .success(false)
      }
      state.bytes += count
      return .success(true)
    }
    return try result.get()
  }

  /// The socket has taken bytes, or never will.
  func release(_ count: Int) {
    state.withLock { $0.bytes -= count }
    hasRoom.set()
  }

  /// How many are under way.
  var pendingBytes: Int { state.withLock { $0.bytes } }

  /// Nobody writes any more: who tries gets an error. The first one stays, unless this side was closed.
  func end(_ error: StreamError) {
    state.withLock { if $0.end == nil || error == .closed { $0.end = error } }
    hasRoom.set()
  }
}
