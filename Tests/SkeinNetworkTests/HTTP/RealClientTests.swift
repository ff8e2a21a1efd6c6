import Glibc
import HTTPTypes
import NIOCore
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

@testable import SkeinNetwork

/// Clients that others have written; ./test installs them where it can.
private enum Client: String {
  case curl = "/usr/bin/curl"
  case ab = "/usr/bin/ab"
  case h2load = "/usr/bin/h2load"
  case python = "/usr/bin/python3"

  var isHere: Bool {
    access(rawValue, X_OK) == 0
      && (self != .python || access("/usr/lib/python3/dist-packages/httpx", F_OK) == 0)
  }

  func run(_ arguments: [String], input: String = "") async throws -> Program.Result {
    try await Program(path: rawValue).run(arguments, input: input)
  }
}

@Suite("Real clients", .timeLimit(.minutes(3)))
struct RealClientTests {
  private func withServer(_ body: (_ url: String) async throws -> Void) async throws {
    let folder = try temporaryDirectory()
    defer { removeDirectory(folder) }
    let file = fopen(folder + "/numbers.txt", "w")!
    for number in 0..<50_000 { fputs("\(number)\n", file) }
    fclose(file)
    var router = Router()
    router.use(RequestIDs(), Compression())
    router.get("/hello/{name}") { _, context in "Hello, \(context.parameters["name"]!)" }
    router.post("/length") { request, _ in
      var count = 0
      for try await bytes in request.body { count += bytes.readableBytes }
      return "\(count)"
    }
    router.post("/json") { request, _ in JSON(try await request.decode([String: Int].self)) }
    router.get("/cookie") { request, _ in
      var response = Response.text(request.cookies["seen"] ?? "new")
      response.setCookie(Cookie("seen", "yes"))
      return response
    }
    router.get("/stream") { _, _ in
      Response(
        headers: [.contentType: "text/plain"],
        body: .stream { writer in
          for line in 0..<1000 { try await writer.write("line \(line)\n") }
        })
    }
    router.files("/files", try StaticFiles(root: folder))
    try await withHTTPServer(router) { endpoint in try await body("http://\(endpoint)") }
  }

  // MARK: curl

  private func curl(_ arguments: String..., input: String = "") async throws -> String {
    let result = try await Client.curl.run(
      ["--silent", "--show-error", "--max-time", "60"] + arguments, input: input)
    #expect(result.ending == .exit(code: 0), "\(result.errors)")
    return result.output
  }

  @Test("curl gets, sends, asks for parts, and goes on with a connection", .enabled(if: Client.curl.isHere))
  func curl() async throws {
    try await withServer { url in
      #expect(try await curl("\(url)/hello/a", "\(url)/hello/b") == "Hello, aHello, b")
      #expect(try await curl("--http1.0", "\(url)/hello/a") == "Hello, a")
      #expect(try await curl("-r", "0-3", "\(url)/files/numbers.txt") == "0\n1\n")
      #expect(try await curl("-I", "\(url)/files/numbers.txt").contains("Content-Length: 288890"))
      #expect(try await curl("--compressed", "\(url)/stream").split(separator: "\n").count == 1000)
      #expect(
        try await curl(
          "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}", "\(url)/files/../../etc/passwd") == "404")
      let count = try await curl(
        "-w", " %{num_connects}", "\(url)/hello/a", "\(url)/nowhere", "\(url)/hello/b")
      #expect(count.hasSuffix("Hello, b 0"))
    }
  }

  @Test(
    "curl sends a large body after a word, in chunks, and one that is too large",
    .enabled(if: Client.curl.isHere))
  func curlBodies() async throws {
    try await withServer { url in
      let body = String(repeating: "x", count: 2_000_000)
      #expect(
        try await curl("--data-binary", "@-", "-H", "Expect: 100-continue", "\(url)/length", input: body)
          == "2000000")
      #expect(
        try await curl(
          "--data-binary", "@-", "-H", "Transfer-Encoding: chunked", "\(url)/length", input: body)
          == "2000000")
      let tooLarge = body + body + body
      let status = try await curl(
        "--data-binary", "@-", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect: 100-continue",
        "\(url)/length", input: tooLarge)
      #expect(status == "413")
    }
  }

  // MARK: Load

  @Test("ab keeps its connections, and gets what it asked for", .enabled(if: Client.ab.isHere))
  func ab() async throws {
    try await withServer { url in
      for options in [["-k"], []] {
        let output = try await Client.ab.run(options + ["-q", "-n", "1000", "-c", "50", "\(url)/hello/a"])
          .output
        #expect(
          output.contains("Complete requests:      1000") && output.contains("Failed requests:        0"))
        #expect(output.contains("Keep-Alive requests:    1000") == !options.isEmpty)
      }
    }
  }

  @Test("h2load sends several requests at once over each connection", .enabled(if: Client.h2load.isHere))
  func h2load() async throws {
    try await withServer { url in
      let output = try await Client.h2load.run([
        "--h1", "-n", "2000", "-c", "20", "-m", "8", "\(url)/hello/a",
      ]).output
      #expect(output.contains("2000 succeeded, 0 failed, 0 errored"))
    }
  }

  // MARK: Python

  @Test("requests and httpx speak with it, at once and as streams", .enabled(if: Client.python.isHere))
  func python() async throws {
    try await withServer { url in
      let result = try await Client.python.run(["-", url], input: Self.script)
      #expect(result.ending == .exit(code: 0), "\(result.errors)")
      #expect(result.output == "all right\n")
    }
  }

  private static let script = """
    import asyncio, sys, requests, httpx
    url = sys.argv[1]

    with requests.Session() as session:
        assert session.get(url + "/hello/a%20b").text == "Hello, a b"
        assert session.post(url + "/json", json={"a": 1}).json() == {"a": 1}
        assert session.post(url + "/json", data="{").status_code in (400, 415)
        assert session.get(url + "/cookie").text == "new"
        assert session.get(url + "/cookie").text == "yes"
        assert session.post(url + "/length", data=(b"x" * 1000 for _ in range(100))).text == "100000"
        answer = session.get(url + "/stream", stream=True)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert [line for line in answer.iter_lines()][999] == b"line 999"
        answer = session.head(url + "/files/numbers.txt")
        again = session.get(url + "/files/numbers.txt", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304, again.status_code
        assert session.options(url + "/hello/a").headers["Allow"] == "GET, HEAD, OPTIONS"

    async def many():
        async with httpx.AsyncClient() as client:
            answers = await asyncio.gather(*(client.get(f"{url}/hello/{n}") for n in range(100)))
            assert [answer.text for answer in answers] == [f"Hello, {n}" for n in range(100)]
            async with client.stream("GET", url + "/files/numbers.txt") as answer:
                assert sum([len(piece) async for piece in answer.aiter_bytes()]) == 288890

    asyncio.run(many())
    print("all right")
    """
}
