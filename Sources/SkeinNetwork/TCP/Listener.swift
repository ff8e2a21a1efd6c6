internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import SkeinSync

/// Listens, has connections served until it is stopped, and waits for the last of them: what all servers have in common.
struct Listener: Sendable {
  let endpoint: TCPEndpoint
  let group: any EventLoopGroup
  let backlog: Int
  let drainTimeout: Duration
  let onListening: @Sendable (TCPEndpoint) -> Void

  /// - Parameters:
  ///   - connections: those of the server.
  ///   - onStopping: is called when nothing is accepted any more.
  ///   - addHandler: makes what serves a channel, and adds it to that; it is told of the connection's number.
  func run(
    _ connections: ServedConnections, onStopping: @Sendable () -> Void = {},
    addHandler: @escaping @Sendable (any Channel, ServedConnections.Number) throws -> Void
  ) async throws {
    DescriptorLimit.raise(forConnections: connections.places, connections.logger)
    let listener = try await listen(connections, addHandler)
    connections.listens(listener)
    onListening(TCPEndpoint(listener.localAddress))
    let isStopping = Event(name: "stop of a server")
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        try? await isStopping.wait()
      } onGracefulShutdown: {
        isStopping.set()
      }
    } onCancel: {
      isStopping.set()
    }
    try? await listener.close().get()
    onStopping()
    await connections.drain(within: drainTimeout)
  }

  private func listen(
    _ connections: ServedConnections,
    _ addHandler: @escaping @Sendable (any Channel, ServedConnections.Number) throws -> Void
  ) async throws -> any Channel {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Int32(clamping: backlog))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.maxMessagesPerRead, value: 64)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(connections.makeGate())
        }
      }
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try addHandler(channel, connections.makeNumber()) }
      }
    do {
      return switch endpoint {
      case .host(let host, let port): try await bootstrap.bind(host: host, port: port).get()
      case .unix(let path):
        try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: false).get()
      }
    } catch {
      throw NetworkError(listeningAt: endpoint, error) ?? error
    }
  }
}
