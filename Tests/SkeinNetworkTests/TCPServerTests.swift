import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycleTestKit
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

@testable import SkeinNetwork

@Suite("TCPServer", .timeLimit(.minutes(2)))
struct TCPServerTests {
  private static let echo: @Sendable (TCPConnection) async throws -> Void = { connection in
    while let bytes = try await connection.reader.read() { try await connection.writer.write(bytes) }
  }

  private func ask(_ endpoint: TCPEndpoint, _ question: String) async throws -> String? {
    let connection = try await TCPConnection.connect(to: endpoint)
    try await connection.writer.write(question + "\n")
    return try await connection.reader.readLine(timeout: .seconds(60))
  }

  // MARK: Serving

  @Test("many clients are served at once, each with its own answers")
  func many() async throws {
    try await withServer(serve: Self.echo) { endpoint in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for client in 0..<50 {
          group.addTask {
            let connection = try await TCPConnection.connect(to: endpoint)
            for round in 0..<20 {
              try await connection.writer.write("\(client) \(round)\n")
              guard try await connection.reader.readLine() == "\(client) \(round)" else { return false }
            }
            return true
          }
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test("what serves a connection runs on one thread from its first step on")
  func oneThread() async throws {
    try await withServer { connection in
      var threads: Set<UInt> = [pthread_self()]
      for _ in 0..<20 {
        _ = try await connection.reader.readExactly(1)
        threads.insert(pthread_self())
        try await connection.writer.write("x")
        threads.insert(pthread_self())
      }
      try await connection.writer.write("\(threads.count)\n")
    } _: { endpoint in
      let connection = try await TCPConnection.connect(to: endpoint)
      for _ in 0..<20 {
        try await connection.writer.write("a")
        _ = try await connection.reader.readExactly(1)
      }
      #expect(try await connection.reader.readLine() == "1")
    }
  }

  @Test("an error of one connection closes that one, is logged, and the server goes on")
  func errors() async throws {
    struct Refused: Error {}
    let log = Lock<[String]>([])
    var options = TCPServer.Options()
    options.logger = Logger(label: "test") { _ in CollectingLog(lines: log) }
    try await withServer(options: options) { connection in
      let line = try await connection.reader.readLine() ?? ""
      if line == "fail" { throw Refused() }
      try await connection.writer.write("\(line)\n")
    } _: { endpoint in
      #expect(try await ask(endpoint, "fail") == nil)
      #expect(try await ask(endpoint, "well") == "well")
      try await eventually("it is logged") {
        log.withLock { $0.contains { $0.contains("Refused") && $0.contains("127.0.0.1") } }
      }
    }
  }

  @Test("a client that breaks off ends its own connection alone")
  func reset() async throws {
    let ends = Queue<StreamError>()
    try await withServer { connection in
      do { try await Self.echo(connection) } catch let error as StreamError {
        try await ends.put(error)
        throw error
      }
    } _: { endpoint in
      let port = try #require(endpoint.port)
      try await onThread { try breakOff(port: port) }
      #expect(try await ends.get(timeout: .seconds(60)) == .reset)
      #expect(try await ask(endpoint, "still there") == "still there")
    }
  }

  @Test("no more are served at once than allowed, and the next is when one has ended")
  func places() async throws {
    var options = TCPServer.Options()
    options.maximumConnections = 2
    let serving = Lock((now: 0, most: 0))
    try await withServer(options: options) { connection in
      serving.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      defer { serving.withLock { $0.now -= 1 } }
      try await connection.writer.write("your turn\n")
      _ = try await connection.reader.read()
    } _: { endpoint in
      var clients: [TCPConnection] = []
      for _ in 0..<6 { clients.append(try await TCPConnection.connect(to: endpoint)) }
      let turns = Queue<Int>()
      for (number, client) in clients.enumerated() {
        Task { if try await client.reader.readLine() != nil { try await turns.put(number) } }
      }
      var left = Set(0..<6)
      func next() async throws -> Int {
        let number = try await turns.get(timeout: .seconds(60))
        left.remove(number)
        return number
      }
      var (first, second) = (try await next(), try await next())
      await #expect(throws: WaitError.timedOut) { try await turns.get(timeout: .milliseconds(50)) }
      // One that waits may go.
      clients[left.removeFirst()].close()
      for _ in 0..<3 {
        clients[first].close()
        (first, second) = (second, try await next())
      }
      #expect(left.isEmpty)
      #expect(serving.withLock { $0.most } == 2)
    }
  }

  @Test("a thousand connections are held and answered")
  func thousand() async throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    guard limit.rlim_max > 4096 else { return }
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 8192))
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    try await withServer(serve: Self.echo) { endpoint in
      var clients: [TCPConnection] = []
      for _ in 0..<1000 { clients.append(try await TCPConnection.connect(to: endpoint)) }
      for (index, client) in clients.enumerated() { try await client.writer.write("\(index)\n") }
      var rightCount = 0
      for (index, client) in clients.enumerated() {
        if try await client.reader.readLine(timeout: .seconds(60)) == "\(index)" { rightCount += 1 }
      }
      #expect(rightCount == 1000)
    }
  }

  // MARK: The end

  @Test("a graceful shutdown accepts nothing more, and waits for those that are served")
  func drain() async throws {
    let (listening, endings) = (Queue<TCPEndpoint>(), Lock<[String]>([]))
    let server = TCPServer(at: .host("127.0.0.1", port: 0), onListening: { _ = listening.tryPut($0) }) {
      connection in
      while let line = try await connection.reader.readLine() {
        try await connection.writer.write(line + "\n")
      }
      endings.withLock { $0.append("served") }
    }
    try await testGracefulShutdown { trigger in
      let running = Task {
        try await server.run()
        endings.withLock { $0.append("stopped") }
      }
      let endpoint = try await listening.get(timeout: .seconds(60))
      let client = try await TCPConnection.connect(to: endpoint)
      try await client.writer.write("before\n")
      #expect(try await client.reader.readLine() == "before")
      trigger.triggerGracefulShutdown()
      try await eventually("nothing is accepted any more") {
        do { try await TCPConnection.connect(to: endpoint).close() } catch is NetworkError { return true }
        return false
      }
      try await client.writer.write("after\n")
      #expect(try await client.reader.readLine() == "after")
      client.close()
      try await running.value
    }
    // Whoever looked for the end of accepting may have been served as well.
    let order = endings.withLock { $0 }
    #expect(order.last == "stopped" && order.dropLast().allSatisfy { $0 == "served" } && order.count > 1)
  }

  @Test("who does not end in time is cancelled")
  func impatience() async throws {
    let (listening, isCancelled) = (Queue<TCPEndpoint>(), Event())
    var options = TCPServer.Options()
    options.drainTimeout = .milliseconds(20)
    let server = TCPServer(
      at: .host("127.0.0.1", port: 0), options: options, onListening: { _ = listening.tryPut($0) }
    ) { connection in
      try await connection.writer.write("served\n")
      do { _ = try await connection.reader.read() } catch WaitError.cancelled { isCancelled.set() }
    }
    try await testGracefulShutdown { trigger in
      let running = Task { try await server.run() }
      let client = try await TCPConnection.connect(to: try await listening.get(timeout: .seconds(60)))
      #expect(try await client.reader.readLine(timeout: .seconds(60)) == "served")
      trigger.triggerGracefulShutdown()
      try await running.value
      #expect(try await client.reader.read(timeout: .seconds(60)) == nil)
    }
    #expect(isCancelled.isSet)
  }

  @Test("a drain is cut short by a cancellation")
  func cancelledDrain() async throws {
    let (listening, isCancelled) = (Queue<TCPEndpoint>(), Event())
    var options = TCPServer.Options()
    options.drainTimeout = .seconds(1000)
    let server = TCPServer(
      at: .host("127.0.0.1", port: 0), options: options, onListening: { _ = listening.tryPut($0) }
    ) { connection in
      try await connection.writer.write("served\n")
      do { _ = try await connection.reader.read() } catch WaitError.cancelled { isCancelled.set() }
    }
    try await testGracefulShutdown { trigger in
      let running = Task { try await server.run() }
      let endpoint = try await listening.get(timeout: .seconds(60))
      let client = try await TCPConnection.connect(to: endpoint)
      #expect(try await client.reader.readLine() == "served")
      trigger.triggerGracefulShutdown()
      try await eventually("it has stopped listening") {
        do { try await TCPConnection.connect(to: endpoint).close() } catch is NetworkError { return true }
        return false
      }
      #expect(!isCancelled.isSet)
      running.cancel()
      try await running.value
    }
    #expect(isCancelled.isSet)
  }

  // MARK: What can not be

  @Test("a place that is taken, a folder that is missing, a host that nobody knows are told of at the start")
  func refusals() async throws {
    try await withServer(serve: Self.echo) { endpoint in
      await #expect(throws: NetworkError.inUse(endpoint)) {
        try await TCPServer(at: endpoint, handler: Self.echo).run()
      }
    }
    let missing = TCPEndpoint.unix(path: "/nowhere/at/all/socket")
    await #expect(throws: NetworkError.cannotListen(missing, ENOENT)) {
      try await TCPServer(at: missing, handler: Self.echo).run()
    }
    await #expect(throws: NetworkError.unknownHost("no.such.host.invalid")) {
      try await TCPServer(at: .host("no.such.host.invalid", port: 0), handler: Self.echo).run()
    }
    await #expect(throws: NetworkError.cannotConnect(.unix(path: "/nowhere"), ENOENT)) {
      try await TCPConnection.connect(to: .unix(path: "/nowhere"))
    }
    await #expect(throws: NetworkError.cannotConnect(.host("127.0.0.1", port: 1), ECONNREFUSED)) {
      try await TCPConnection.connect(host: "127.0.0.1", port: 1)
    }
    await #expect(throws: NetworkError.unknownHost("no.such.host.invalid")) {
      try await TCPConnection.connect(host: "no.such.host.invalid", port: 80)
    }
  }

  @Test("who gets no answer is told so in time, and can give up before")
  func silence() async throws {
    let silent = try await onThread { try SilentListener() }
    defer { silent.close() }
    let endpoint = TCPEndpoint.host("127.0.0.1", port: silent.port)
    await #expect(throws: NetworkError.noAnswer(endpoint, .milliseconds(50))) {
      try await TCPConnection.connect(to: endpoint, timeout: .milliseconds(50))
    }
    let connecting = Task { try await TCPConnection.connect(to: endpoint, timeout: .seconds(1000)) }
    await Task.yield()
    connecting.cancel()
    await #expect(throws: WaitError.cancelled) { try await connecting.value }
  }

  @Test("endpoints are written as people write them")
  func endpoints() {
    #expect("\(TCPEndpoint.host("127.0.0.1", port: 80))" == "127.0.0.1:80")
    #expect("\(TCPEndpoint.host("::1", port: 80))" == "[::1]:80")
    #expect(
      "\(TCPEndpoint.unix(path: "/run/a"))" == "unix:/run/a" && TCPEndpoint.unix(path: "/a").port == nil)
  }

  // MARK: Other programs

  @Test("Python's asyncio talks to it", .enabled(if: CPython.path != nil, "python3 is not installed"))
  func pythonClient() async throws {
    try await withServer(serve: Self.echo) { endpoint in
      let lines = try await CPython.run(
        """
        import asyncio
        async def client():
            reader, writer = await asyncio.open_connection("127.0.0.1", \(try #require(endpoint.port)))
            for message in ["Hello", "World", "Python"]:
                writer.write(message.encode()); await writer.drain()
                print((await reader.readexactly(len(message))).decode())
            writer.write(b"x" * 1_000_000); writer.write_eof()
            print(len(await reader.read()))
        asyncio.run(client())
        """)
      #expect(lines == ["Hello", "World", "Python", "1000000"])
    }
  }

  @Test("it talks to Python's asyncio", .enabled(if: CPython.path != nil, "python3 is not installed"))
  func pythonServer() async throws {
    let folder = try temporaryDirectory()
    defer { removeDirectory(folder) }
    let serving = Task {
      try await CPython.run(
        """
        import asyncio
        async def handle(reader, writer):
            while line := await reader.readline(): writer.write(b"Echo: " + line)
            await writer.drain(); writer.close()
            done.set()
        async def serve():
            global done
            done = asyncio.Event()
            server = await asyncio.start_unix_server(handle, "\(folder)/python")
            await done.wait()
            print("done")
        asyncio.run(serve())
        """)
    }
    let endpoint = TCPEndpoint.unix(path: folder + "/python")
    try await eventually("it listens") {
      access(folder + "/python", F_OK) == 0
    }
    let connection = try await TCPConnection.connect(to: endpoint)
    try await connection.writer.write("one\ntwo\n")
    try await connection.writer.end()
    var lines: [String] = []
    for try await line in connection.reader.lines { lines.append(line) }
    #expect(lines == ["Echo: one", "Echo: two"])
    #expect(try await serving.value == ["done"])
  }

  @Test("a limit of descriptors that is too low is raised, and told when the system does not allow enough")
  func descriptors() async {
    await #expect(processExitsWith: .success) {
      let lines = Lock<[String]>([])
      let logger = Logger(label: "test") { _ in CollectingLog(lines: lines) }
      let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
      var limit = rlimit(rlim_cur: 200, rlim_max: 1000)
      #expect(setrlimit(kind, &limit) == 0)
      DescriptorLimit.raise(forConnections: 100, logger)
      getrlimit(kind, &limit)
      #expect(limit.rlim_cur == 356 && limit.rlim_max == 1000 && lines.withLock(\.isEmpty))
      DescriptorLimit.raise(forConnections: 2000, logger)
      getrlimit(kind, &limit)
      let text = lines.withLock(\.first) ?? ""
      #expect(
        limit.rlim_cur == 1000 && text.contains("allows 1000 open files") && text.contains("ulimit -n 2256"))
    }
  }
}

/// Listens, and lets nobody in: its backlog is full.
private struct SilentListener: Sendable {
  struct Failed: Error {}

  let port: Int
  private let sockets: [Int32]

  init() throws {
    let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let isBound = try SocketAddress(ipAddress: "127.0.0.1", port: 0).withSockAddr { address, size in
      bind(listener, address, socklen_t(size)) == 0 && listen(listener, 0) == 0
    }
    guard isBound else { throw Failed() }
    port = try Self.port(of: listener)
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
    // One more than the backlog is let in, and one more than that is half way in.
    var sockets = [listener]
    for _ in 0..<4 {
      let client = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
      _ = address.withSockAddr { connect(client, $0, socklen_t($1)) }
      sockets.append(client)
    }
    self.sockets = sockets
  }

  private static func port(of socket: Int32) throws -> Int {
    // Of an address of IPv4 it is the second pair of bytes.
    var address = [UInt8](repeating: 0, count: 128)
    var size = socklen_t(address.count)
    let isKnown = address.withUnsafeMutableBytes {
      getsockname(socket, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!, &size) == 0
    }
    guard isKnown else { throw Failed() }
    return Int(address[2]) << 8 | Int(address[3])
  }

  func close() { for socket in sockets { _ = Glibc.close(socket) } }
}
