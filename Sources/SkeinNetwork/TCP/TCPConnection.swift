public import NIOCore
public import NIOPosix
internal import SkeinSync

/// A connection over TCP, or a Unix socket, with its two halves.
///
/// ```swift
/// let connection = try await TCPConnection.connect(host: "127.0.0.1", port: 8888, timeout: .seconds(5))
/// try await connection.writer.write("Hello\n")
/// print(try await connection.reader.readLine() ?? "the end")
/// connection.close()
/// ```
///
/// It is closed with the last reference to it.
public final class TCPConnection: Sendable {
  /// What comes.
  public let reader: ByteReader
  /// What goes.
  public let writer: ByteWriter
  /// What is at the other end.
  public let remote: TCPEndpoint
  /// What is at this end.
  public let local: TCPEndpoint

  private let stream: any ByteStream

  init(_ stream: ChannelByteStream) {
    self.stream = stream
    reader = ByteReader(stream)
    writer = ByteWriter(stream)
    remote = TCPEndpoint(stream.channel.remoteAddress)
    local = TCPEndpoint(stream.channel.localAddress)
  }

  deinit { stream.close() }

  /// Ends both ways at once: who reads or writes here gets ``StreamError/closed``. Closing again changes nothing.
  public func close() { stream.close() }

  /// Connects to a server.
  ///
  /// - Parameters:
  ///   - host: its name or address.
  ///   - port: its port.
  ///   - timeout: how long to wait for an answer.
  ///   - group: the event loops; by default the program's.
  /// - Throws: ``NetworkError``; `WaitError.cancelled`.
  /// - Cancellation: the connection is given up.
  public static func connect(
    host: String, port: Int, timeout: Duration = .seconds(10),
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) async throws -> TCPConnection {
    try await connect(to: .host(host, port: port), timeout: timeout, group: group)
  }

  /// Connects to a server at a host or a Unix socket.
  ///
  /// - Parameters:
  ///   - endpoint: where it is.
  ///   - timeout: how long to wait for an answer.
  ///   - group: the event loops; by default the program's.
  /// - Throws: ``NetworkError``; `WaitError.cancelled`.
  /// - Cancellation: the connection is given up.
  public static func connect(
    to endpoint: TCPEndpoint, timeout: Duration = .seconds(10),
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) async throws -> TCPConnection {
    // A host may have several addresses, which are tried side by side.
    let attempts = Lock<(streams: [ChannelByteStream], isCancelled: Bool)>(
      ([], false), internalTo: "TCPConnection")
    let bootstrap = ClientBootstrap(group: group)
      .connectTimeout(TimeAmount(timeout))
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let stream = ChannelByteStream(channel)
          let isCancelled = attempts.withLock { attempts in
            attempts.streams.append(stream)
            return attempts.isCancelled
          }
          if isCancelled { throw WaitError.cancelled }
          try channel.pipeline.syncOperations.addHandler(stream)
        }
      }
    return try await withTaskCancellationHandler {
      do {
        let channel = try await connect(bootstrap, to: endpoint).get()
        // Not asked of the channel, which may have been closed by the other side already.
        let connection = TCPConnection(attempts.withLock { $0.streams.first { $0.channel === channel }! })
        if Task.isCancelled { throw WaitError.cancelled }
        return connection
      } catch {
        if Task.isCancelled { throw WaitError.cancelled }
        throw NetworkError(connecting: endpoint, error, after: timeout) ?? error
      }
    } onCancel: {
      let streams = attempts.withLock { attempts in
        attempts.isCancelled = true
        return attempts.streams
      }
      for stream in streams { stream.close() }
    }
  }

  private static func connect(
    _ bootstrap: ClientBootstrap, to endpoint: TCPEndpoint
  ) -> EventLoopFuture<any Channel> {
    switch endpoint {
    case .host(let host, let port): bootstrap.connect(host: host, port: port)
    case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
    }
  }
}

extension TimeAmount {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let (nanoseconds, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    self = .nanoseconds(overflows ? .max / 2 : nanoseconds + attoseconds / 1_000_000_000)
  }
}
