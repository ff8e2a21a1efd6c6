internal import Logging
internal import NIOCore
internal import SkeinSync

/// A connection of a server, as those see it who count connections.
protocol ServedConnection: AnyObject, Sendable {
  var eventLoop: any EventLoop { get }

  /// There is a place: begins to serve it. Called on its event loop, once, unless it is closed before.
  ///
  /// - Parameters:
  ///   - executor: runs tasks on the event loop.
  ///   - onEnd: is called once nothing is left of it.
  func begin(_ executor: EventLoopExecutor, onEnd: @escaping @Sendable () -> Void)
  /// The server stops: what is in the middle of something ends that.
  func stopWhenIdle()
  /// What serves it is to end.
  func cancel()
  /// There is no place, and none will come.
  func close()
}

/// A connection that a function serves.
final class TCPSession: ServedConnection {
  private struct State: Sendable {
    /// `nil` until it is known.
    var task: Task<Void, Never>?
    var isCancelled = false
  }

  private let stream: ChannelByteStream
  private let handler: @Sendable (TCPConnection) async throws -> Void
  private let logger: Logger
  private let state = Lock(State(), internalTo: "TCPSession")

  init(
    _ stream: ChannelByteStream, _ logger: Logger,
    _ handler: @escaping @Sendable (TCPConnection) async throws -> Void
  ) {
    (self.stream, self.logger, self.handler) = (stream, logger, handler)
  }

  var eventLoop: any EventLoop { stream.channel.eventLoop }

  /// The first steps are made here, without a change of thread.
  func begin(_ executor: EventLoopExecutor, onEnd: @escaping @Sendable () -> Void) {
    let task = Task.immediate(executorPreference: executor) { [self] in
      await serve(TCPConnection(stream))
      onEnd()
    }
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  private func serve(_ connection: TCPConnection) async {
    defer { connection.close() }
    do { try await handler(connection) } catch {
      // A client that goes away is nothing to be told of.
      let level: Logger.Level = error is StreamError || error is WaitError ? .debug : .warning
      logger.log(
        level: level, "a connection ended with an error",
        metadata: ["remote": "\(connection.remote)", "error": "\(error)"])
    }
  }

  func stopWhenIdle() {}

  func cancel() {
    let task = state.withLock { state in
      state.isCancelled = true
      return state.task
    }
    task?.cancel()
  }

  func close() { stream.close() }
}
