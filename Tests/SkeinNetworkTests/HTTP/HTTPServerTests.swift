import Glibc
import HTTPTypes
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycleTestKit
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

@testable import SkeinNetwork

@Suite("HTTPServer", .timeLimit(.minutes(3)))
struct HTTPServerTests {
  private var router: Router {
    var router = Router()
    router.get("/hello/{name}") { _, context in "Hello, \(context.parameters["name"]!)" }
    router.post("/echo") { request, _ in Response(body: .bytes(try await request.body.collect())) }
    router.post("/relay") { request, _ in
      Response(
        body: .stream { writer in for try await bytes in request.body { try await writer.write(bytes) } })
    }
    return router
  }

  // MARK: Serving

  @Test("requests of a connection, and of many at once, are answered")
  func serves() async throws {
    try await withHTTPServer(router) { endpoint in
      try await withThrowingTaskGroup { group in
        for number in 0..<50 {
          group.addTask {
            let client = try await WebClient(endpoint)
            for round in 0..<20 {
              let answer = try await client.ask("GET", "/hello/\(number)-\(round)")
              guard answer.status == 200, answer.body == "Hello, \(number)-\(round)" else { return false }
            }
            return true
          }
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test("a handler runs on the thread that reads, also after it has waited")
  func oneThread() async throws {
    var router = Router()
    router.post("/") { request, _ in
      var threads: Set<UInt> = [pthread_self()]
      for try await _ in request.body { threads.insert(pthread_self()) }
      await Task.yield()
      threads.insert(pthread_self())
      try await MonotonicClock().sleep(until: MonotonicClock().now.advanced(by: .milliseconds(1)))
      threads.insert(pthread_self())
      return "\(threads.count)"
    }
    try await withHTTPServer(router) { endpoint in
      let client = try await WebClient(endpoint)
      try await client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n")
      for byte in ["a", "b", "c"] { try await client.send(byte) }
      #expect(try await client.answer().body == "1")
    }
  }

  @Test("a large body comes whole, and streams both ways at once without being held")
  func largeBodies() async throws {
    var options = HTTPServer.Options()
    options.maximumBodyBytes = 64 << 20
    try await withHTTPServer(router, options: options) { endpoint in
      let body = String(repeating: "0123456789abcdef", count: 1 << 18)
      for path in ["/echo", "/relay"] {
        let client = try await WebClient(endpoint)
        async let answer = client.answer()
        try await client.send(
          "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
        try await client.send(body)
        #expect(try await answer.body == body)
      }
    }
  }

  @Test("a handler that streams waits for its client, and is cancelled when that goes away")
  func slowReader() async throws {
    let (written, ending) = (Lock(0), Queue<Bool>())
    var router = Router()
    router.get("/") { _, _ in
      Response(
        body: .stream { writer in
          defer { _ = ending.tryPut(Task.isCancelled) }
          let piece = ByteBuffer(repeating: 1, count: 10_000)
          while true {
            try await writer.write(piece)
            written.withLock { $0 += 1 }
          }
        })
    }
    try await withHTTPServer(router) { endpoint in
      let client = try await WebClient(endpoint)
      try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      try await eventually("it writes") { written.withLock { $0 > 0 } }
      // Buffers of the system are full at some time.
      var last = -1
      while case let count = written.withLock({ $0 }), count != last {
        last = count
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(last > 0 && last < 5000)
      client.connection.close()
      _ = try await ending.get(timeout: .seconds(60))
    }
  }

  @Test("clients that reset in the middle of anything do no harm")
  func resets() async throws {
    try await withHTTPServer(router) { endpoint in
      for text in [
        "G", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
        "GET /hello/a HTTP/1.1\r\nHost: h\r\n\r\n",
      ] {
        for _ in 0..<20 { try breakOff(port: endpoint.port!, sending: text) }
      }
      #expect(try await WebClient(endpoint).ask("GET", "/hello/b").status == 200)
    }
  }

  @Test("a client that sends more than is taken still sees the answer")
  func refusedUpload() async throws {
    try await withHTTPServer(router) { endpoint in
      let client = try await WebClient(endpoint)
      let sending = Task {
        try await client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 500000000\r\n\r\n")
        let piece = String(repeating: "x", count: 1 << 16)
        for _ in 0..<100 { try await client.send(piece) }
      }
      let answer = try await client.answer()
      #expect(answer.status == 413 && answer.fields["connection"] == "close")
      client.connection.close()
      _ = await sending.result
    }
  }

  @Test(
    "a client that begins late gets all of a last response that is larger than the system's buffers",
    arguments: ["bytes", "stream", "file"])
  func slowLastResponse(kind: String) async throws {
    let folder = try temporaryDirectory()
    defer { removeDirectory(folder) }
    let text = String(repeating: "0123456789abcdef", count: 1 << 19)
    let file = fopen(folder + "/file", "w")!
    fputs(text, file)
    fclose(file)
    var router = Router()
    router.get("/bytes") { _, _ in text }
    router.get("/stream") { _, _ in Response(body: .stream { try await $0.write(text) }) }
    router.files("", try StaticFiles(root: folder))
    try await withHTTPServer(router) { endpoint in
      for ends in [true, false] {
        let client = try await WebClient(endpoint)
        try await client.send(
          "GET /\(kind) HTTP/1.1\r\nHost: h\r\n\(ends ? "" : "Connection: close\r\n")\r\n")
        if ends { try await client.connection.writer.end() }
        let all = try await client.connection.reader.readToEnd(limit: 1 << 25, timeout: .seconds(60))
        #expect(all.readableBytes > text.utf8.count)
      }
    }
  }

  @Test("connections beyond the limit wait, and are served when others have ended")
  func limit() async throws {
    var options = HTTPServer.Options()
    options.maximumConnections = 2
    try await withHTTPServer(router, options: options) { endpoint in
      let first = try await WebClient(endpoint)
      let second = try await WebClient(endpoint)
      #expect(try await first.ask("GET", "/hello/a").status == 200)
      #expect(try await second.ask("GET", "/hello/b").status == 200)
      let third = try await WebClient(endpoint)
      async let answer = third.ask("GET", "/hello/c")
      first.connection.close()
      #expect(try await answer.body == "Hello, c")
    }
  }

  @Test(
    "two thousand connections that are silent are held while others are served, and are answered after that")
  func manyIdle() async throws {
    try await withHTTPServer(router) { endpoint in
      var idle: [WebClient] = []
      for number in 0..<2000 {
        let client = try await WebClient(endpoint)
        if number % 100 == 0 { #expect(try await client.ask("GET", "/hello/a").status == 200) }
        idle.append(client)
      }
      try await withThrowingTaskGroup { group in
        for _ in 0..<100 {
          group.addTask {
            let client = try await WebClient(endpoint)
            for _ in 0..<10 where try await client.ask("GET", "/hello/b").body != "Hello, b" { return false }
            return true
          }
        }
        for try await isRight in group { #expect(isRight) }
      }
      for client in idle where try await client.ask("GET", "/hello/c").body != "Hello, c" {
        Issue.record("one that was silent was not answered")
      }
    }
  }

  @Test("files are sent whole, in parts, and to several at once")
  func files() async throws {
    let folder = try temporaryDirectory()
    defer { removeDirectory(folder) }
    let text = (0..<200_000).map { "\($0)\n" }.joined()
    let file = fopen(folder + "/numbers.txt", "w")!
    fputs(text, file)
    fclose(file)
    var router = Router()
    router.files("", try StaticFiles(root: folder))
    try await withHTTPServer(router) { endpoint in
      let bodies = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<5 { group.addTask { try await WebClient(endpoint).ask("GET", "/numbers.txt").body } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(bodies.allSatisfy { $0 == text })
      let part = try await WebClient(endpoint).ask(
        "GET", "/numbers.txt", fields: ["Range: bytes=100000-899999"])
      #expect(
        part.status == 206 && part.body.utf8.elementsEqual(text.utf8.dropFirst(100_000).prefix(800_000)))
      let client = try await WebClient(endpoint)
      #expect(try await client.ask("HEAD", "/numbers.txt").fields["content-length"] == "\(text.utf8.count)")
      #expect(try await client.ask("GET", "/none").status == 404)
    }
  }

  // MARK: Starting and stopping

  @Test("a graceful shutdown answers what was asked, closes what is idle, and takes nothing more")
  func gracefulShutdown() async throws {
    let (inside, gate) = (Event(), Event())
    var router = router
    router.get("/slow") { _, _ in
      inside.set()
      try await gate.wait()
      return "done"
    }
    let listening = Queue<TCPEndpoint>()
    let folder = try temporaryDirectory()
    defer { removeDirectory(folder) }
    let server = HTTPServer(
      at: .unix(path: folder + "/socket"), onListening: { _ = listening.tryPut($0) },
      handler: try router.makeHandler())
    try await testGracefulShutdown { trigger in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let endpoint = try await listening.get(timeout: .seconds(60))
        let (idle, busy) = (try await WebClient(endpoint), try await WebClient(endpoint))
        #expect(try await idle.ask("GET", "/hello/a").status == 200)
        async let answer = busy.ask("GET", "/slow")
        try await inside.wait()
        trigger.triggerGracefulShutdown()
        let end: ByteBuffer? = try await idle.connection.reader.read(timeout: .seconds(60))
        #expect(end == nil)
        await #expect(throws: (any Error).self) { try await TCPConnection.connect(to: endpoint) }
        gate.set()
        let last = try await answer
        #expect(last.body == "done" && last.fields["connection"] == "close")
        try await group.waitForAll()
      }
    }
  }

  @Test("a port that is taken is a clear error")
  func portInUse() async throws {
    try await withHTTPServer(router) { endpoint in
      let error = await #expect(throws: NetworkError.self) {
        try await HTTPServer(router, port: endpoint.port!).run()
      }
      #expect("\(error!)".contains("\(endpoint.port!)"))
    }
  }

  @Test("start and stop, over and over")
  func startStop() async throws {
    for _ in 0..<50 {
      try await withHTTPServer(router) { endpoint in
        let client = try await WebClient(endpoint)
        try await client.send("GET /hello/a HTTP/1.1\r\nHost: h\r\n\r\n")
      }
    }
  }
}
