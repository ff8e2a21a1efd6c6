import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOPosix

/// SwiftNIO's own pipeline for HTTP/1, and a handler that answers by the path alone.
@main struct Server: AsyncParsableCommand {
  @Option var port: Int
  @Option var threads = 1
  @Option var root = "."

  func run() async throws {
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: threads))
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.maxMessagesPerRead, value: 64)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
          try channel.pipeline.syncOperations.addHandler(Answering())
        }
      }
    try await bootstrap.bind(host: "127.0.0.1", port: port).get().closeFuture.get()
  }
}

private final class Answering: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private static let text = ByteBuffer(string: "Hello, World!\n")
  private static let json = ByteBuffer(string: #"{"message":"Hello, World!"}"#)
  private var isJSON = false
  private var keepsAlive = true

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): (isJSON, keepsAlive) = (head.uri == "/json", head.isKeepAlive)
    case .body: break
    case .end: answer(context)
    }
  }

  private func answer(_ context: ChannelHandlerContext) {
    let body = isJSON ? Self.json : Self.text
    var headers: HTTPHeaders = [
      "Content-Type": isJSON ? "application/json" : "text/plain; charset=utf-8",
      "Content-Length": "\(body.readableBytes)",
    ]
    if !keepsAlive { headers.add(name: "Connection", value: "close") }
    let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    let end = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if !keepsAlive { end.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
  }
}
