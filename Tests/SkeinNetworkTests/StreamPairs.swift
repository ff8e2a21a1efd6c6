import NIOCore
import SkeinNetwork
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

/// What a stream pair is made of, for tests that hold for all.
enum StreamKind: String, CaseIterable, CustomTestStringConvertible {
  case memory, fragmented, delayed, tcp, unix

  var testDescription: String { rawValue }

  /// Runs `body` with the two ends of a stream.
  func withPair(_ body: (_ client: StreamEnd, _ server: StreamEnd) async throws -> Void) async throws {
    switch self {
    case .memory: try await Self.body(body, StreamFaults())
    case .fragmented:
      var faults = StreamFaults.fragmented(1...7)
      faults.generator = SeededGenerator(seed: 7)
      try await Self.body(body, faults)
    case .delayed:
      var faults = StreamFaults.fragmented(1...5)
      (faults.delay, faults.generator) = (.zero ... .microseconds(300), SeededGenerator(seed: 8))
      try await Self.body(body, faults)
    case .tcp: try await Self.body(body, at: .host("127.0.0.1", port: 0))
    case .unix:
      let folder = try temporaryDirectory()
      defer { removeDirectory(folder) }
      try await Self.body(body, at: .unix(path: folder + "/socket"))
    }
  }

  private static func body(
    _ body: (StreamEnd, StreamEnd) async throws -> Void, _ faults: StreamFaults
  ) async throws {
    let (client, server) = MemoryByteStream.makePair(faults: faults)
    try await body(StreamEnd(client), StreamEnd(server))
    client.close()
    server.close()
  }

  private static func body(
    _ body: (StreamEnd, StreamEnd) async throws -> Void, at endpoint: TCPEndpoint
  ) async throws {
    try await withServer(at: endpoint) { endpoint, accepted in
      let client = try await TCPConnection.connect(to: endpoint)
      let server = try await accepted.get()
      try await body(StreamEnd(client), server)
      client.close()
      server.close()
    }
  }
}

/// One end of a stream, whatever it is made of.
struct StreamEnd: Sendable {
  let reader: ByteReader
  let writer: ByteWriter
  var close: @Sendable () -> Void

  init(_ connection: TCPConnection) {
    (reader, writer, close) = (connection.reader, connection.writer, { connection.close() })
  }

  init(_ stream: MemoryByteStream) {
    (reader, writer, close) = (ByteReader(stream), ByteWriter(stream), { stream.close() })
  }
}

/// Runs a server for as long as `body` takes; its connections can be taken from a queue, and stay until they are closed.
func withServer(
  at endpoint: TCPEndpoint = .host("127.0.0.1", port: 0), options: TCPServer.Options = TCPServer.Options(),
  _ body: (_ endpoint: TCPEndpoint, _ accepted: Queue<StreamEnd>) async throws -> Void
) async throws {
  let accepted = Queue<StreamEnd>()
  try await withServer(at: endpoint, options: options) { connection in
    let isClosed = Event()
    var end = StreamEnd(connection)
    end.close = {
      connection.close()
      isClosed.set()
    }
    try await accepted.put(end)
    try await isClosed.wait()
  } _: { endpoint in
    try await body(endpoint, accepted)
  }
}

/// Runs a server for as long as `body` takes.
func withServer(
  at endpoint: TCPEndpoint = .host("127.0.0.1", port: 0), options: TCPServer.Options = TCPServer.Options(),
  serve: @escaping @Sendable (TCPConnection) async throws -> Void,
  _ body: (_ endpoint: TCPEndpoint) async throws -> Void
) async throws {
  let listening = Queue<TCPEndpoint>()
  let server = TCPServer(
    at: endpoint, options: options, onListening: { _ = listening.tryPut($0) }, handler: serve)
  let running = Task { try await server.run() }
  do {
    try await body(try await listening.get(timeout: .seconds(60)))
  } catch {
    running.cancel()
    _ = try? await running.value
    throw error
  }
  running.cancel()
  try await running.value
}
