import CSkein
import FoundationEssentials
import Glibc
import HTTPTypes
import NIOCore
import SkeinTesting
import TestPrograms
import Testing

@testable import SkeinNetwork

@Suite("StaticFiles", .timeLimit(.minutes(2)))
struct StaticFilesTests {
  /// Runs `body` with a router for a folder that has some files, and the folder.
  private func withFiles(
    _ options: StaticFiles.Options = StaticFiles.Options(),
    _ body: (Router, _ root: String) async throws -> Void
  ) async throws {
    let folder = try temporaryDirectory()
    defer { removeDirectory(folder) }
    let root = folder + "/root"
    for path in ["", "/sub", "/.git", "/.well-known", "/list", "/list/<i>"] { mkdir(root + path, 0o755) }
    try write("secret", folder + "/secret.txt")
    try write("hello", root + "/a.txt")
    try write("<h1>index</h1>", root + "/sub/index.html")
    try write("hidden", root + "/.git/config")
    try write("known", root + "/.well-known/x")
    try write(String(repeating: "x", count: 100_000), root + "/large.bin")
    try write("plain", root + "/packed.css")
    try write("PACKED", root + "/packed.css.gz")
    try write("x", root + "/list/a \"b\"&.txt")
    symlink("../secret.txt", root + "/out.txt")
    symlink("a.txt", root + "/in.txt")
    symlink("/etc", root + "/etc")
    mkfifo(root + "/fifo", 0o644)
    var router = Router()
    router.files("/f", try StaticFiles(root: root, options: options))
    try await body(router, root)
  }

  private func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  private func get(
    _ router: Router, _ path: String, _ headers: HTTPFields = [:], _ method: HTTPRequest.Method = .get
  )
    async throws -> Response
  { try await respond(router, Request(method, path, headers: headers)) }

  @Test("a file has its type, its tag and its date")
  func file() async throws {
    try await withFiles { router, _ in
      let response = try await get(router, "/f/a.txt")
      #expect(try await response.bodyText() == "hello")
      #expect(response.headers[.contentType] == "text/plain; charset=utf-8")
      #expect(response.headers[.acceptRanges] == "bytes")
      #expect(response.headers[.lastModified]?.hasSuffix("GMT") == true)
      let tag = try #require(response.headers[.eTag])
      let again = try await get(router, "/f/a.txt", [.ifNoneMatch: tag])
      #expect(again.status == .notModified && again.headers[.eTag] == tag)
      #expect(try await again.bodyText() == "")
      #expect(try await get(router, "/f/a.txt", [.ifMatch: "\"x\""]).status == .preconditionFailed)
    }
  }

  @Test(
    "nothing outside the folder is served, nor what is hidden, nor what is no file",
    arguments: [
      "/f/../secret.txt", "/f/%2e%2e/secret.txt", "/f/..%2fsecret.txt", "/f/sub/../../secret.txt",
      "/f/sub/../a.txt", "/f/./a.txt",
      "/f//etc/passwd", "/f//a.txt", "/f/sub//index.html", "/f/out.txt", "/f/etc/passwd", "/f/.git/config",
      "/f/%2egit/config",
      "/f/a.txt%00", "/f/a.txt/", "/f/fifo", "/f/none", "/f/a.txt/b",
      "/f/\(String(repeating: "a", count: 300))",
      "/f/\(String(repeating: "a/", count: 3000))",
    ])
  func outside(path: String) async throws {
    try await withFiles { router, _ in
      let status = try await get(router, path).status
      #expect(status == .notFound || status == .badRequest)
    }
  }

  @Test("links within the folder, and well-known names, are served")
  func inside() async throws {
    try await withFiles { router, _ in
      let linked = try await get(router, "/f/in.txt").bodyText()
      let known = try await get(router, "/f/.well-known/x").bodyText()
      #expect(linked == "hello" && known == "known")
    }
  }

  @Test("a folder is its index behind a slash, and without one the client is sent there")
  func folders() async throws {
    try await withFiles { router, _ in
      #expect(try await get(router, "/f/sub/").bodyText() == "<h1>index</h1>")
      let redirect = try await get(router, "/f/sub?a=b")
      #expect(redirect.status == .permanentRedirect && redirect.headers[.location] == "/f/sub/?a=b")
      #expect(try await get(router, "/f/").status == .notFound)
      #expect(try await get(router, "/f/list/").status == .notFound)
    }
  }

  @Test("a folder without an index is a list, if that is asked for; names are what they are")
  func listing() async throws {
    var options = StaticFiles.Options()
    options.listsDirectories = true
    try await withFiles(options) { router, _ in
      let page = try await get(router, "/f/list/").bodyText()
      #expect(page.contains(#"<a href="./a%20%22b%22%26.txt">a &quot;b&quot;&amp;.txt</a>"#))
      #expect(page.contains(#"<a href="./%3Ci%3E/">&lt;i&gt;/</a>"#) && page.contains(#"href="../""#))
      let root = try await get(router, "/f/").bodyText()
      #expect(!root.contains(".git") && !root.contains("secret") && !root.contains(#"href="../""#))
      #expect(root.contains("97.7 KiB"))
      // Of what links lead to outside nothing is told, not even that it is there.
      #expect(root.contains("./in.txt") && !root.contains("./out.txt") && !root.contains("./etc"))
    }
  }

  @Test("a part of a file is sent, small or large", arguments: ["a.txt", "large.bin"])
  func ranges(name: String) async throws {
    try await withFiles { router, _ in
      let response = try await get(router, "/f/\(name)", [.range: "bytes=1-3"])
      #expect(response.status == .partialContent && response.body.length == 3)
      #expect(response.headers[.contentRange]?.hasPrefix("bytes 1-3/") == true)
      #expect(try await response.bodyText() == (name == "a.txt" ? "ell" : "xxx"))
      #expect(try await get(router, "/f/\(name)", [.range: "bytes=200000-"]).status == .rangeNotSatisfiable)
      #expect(try await get(router, "/f/\(name)", [.range: "bytes=1-3", .ifRange: "\"x\""]).status == .ok)
      #expect(try await get(router, "/f/\(name)", [.range: "bytes=1-3"], .head).status == .ok)
    }
  }

  @Test("a compressed file that stands beside is sent to who takes it")
  func precompressed() async throws {
    try await withFiles { router, _ in
      let response = try await get(router, "/f/packed.css", [.acceptEncoding: "br, gzip"])
      #expect(try await response.bodyText() == "PACKED")
      #expect(response.headers[.contentEncoding] == "gzip" && response.headers[.vary] == "Accept-Encoding")
      #expect(response.headers[.contentType] == "text/css; charset=utf-8")
      let plain = try await get(router, "/f/packed.css", [.acceptEncoding: "gzip;q=0"])
      #expect(try await plain.bodyText() == "plain")
      #expect(plain.headers[.eTag] != response.headers[.eTag])
    }
  }

  @Test("a file that changes is seen, and one that goes too")
  func changes() async throws {
    var options = StaticFiles.Options()
    options.revalidation = .zero
    try await withFiles(options) { router, root in
      let first = try await get(router, "/f/a.txt")
      try write("other", root + "/a.txt")
      let second = try await get(router, "/f/a.txt")
      #expect(try await second.bodyText() == "other")
      #expect(first.headers[.eTag] != second.headers[.eTag])
      unlink(root + "/a.txt")
      #expect(try await get(router, "/f/a.txt").status == .notFound)
    }
  }

  @Test("a file that becomes shorter while it is known breaks the connection off, and others are served")
  func truncated() async throws {
    var options = StaticFiles.Options()
    options.revalidation = .seconds(3600)
    try await withFiles(options) { router, root in
      try await withHTTPServer(router) { endpoint in
        let first = try await WebClient(endpoint).ask("GET", "/f/large.bin")
        #expect(first.body.utf8.count == 100_000)
        truncate(root + "/large.bin", 50_000)
        let client = try await WebClient(endpoint)
        try await client.send("GET /f/large.bin HTTP/1.1\r\nHost: h\r\n\r\n")
        let all = try await client.connection.reader.readToEnd(limit: 1 << 20, timeout: .seconds(60))
        #expect(all.readableBytes < 100_000)
        #expect(try await WebClient(endpoint).ask("GET", "/f/a.txt").body == "hello")
      }
    }
  }

  @Test("a part that is not there, and what can not be read, are errors and not less")
  func shortRead() async throws {
    try await withFiles { _, root in
      let file = OpenFile(descriptor: open(root + "/a.txt", O_RDONLY))
      let part = try file.read(1..<5)
      #expect(String(buffer: part) == "ello")
      #expect(throws: StreamError.ended(received: 4, expected: 9)) { try file.read(1..<10) }
      let folder = OpenFile(descriptor: open(root, O_RDONLY | O_DIRECTORY))
      #expect(throws: StreamError.system(EISDIR)) { try folder.read(0..<1) }
    }
  }

  @Test("a kernel without openat2 has files opened component by component, and no link is followed")
  func withoutLinks() async throws {
    try await withFiles { _, root in
      let folder = OpenFile(descriptor: open(root, O_RDONLY | O_DIRECTORY))
      for path in ["a.txt", "sub/index.html", "sub", "list/<i>"] {
        let descriptor = skein_open_without_links(folder.descriptor, path)
        #expect(descriptor >= 0, "\(path)")
        close(descriptor)
      }
      for (path, number) in [
        ("none", ENOENT), ("a.txt/b", ENOTDIR), ("in.txt", ELOOP), ("etc/passwd", ENOTDIR),
        ("../secret.txt", EXDEV),
        ("sub/../a.txt", EXDEV), ("/etc/passwd", ENOENT), (String(repeating: "a", count: 300), ENOENT),
      ] { #expect(skein_open_without_links(folder.descriptor, path) == -number, "\(path)") }
    }
  }

  @Test("the cache keeps no more than it may, and what is asked for stays")
  func cache() async throws {
    let folder = try temporaryDirectory()
    defer { removeDirectory(folder) }
    for index in 0..<20 { try write(String(repeating: "x", count: 100), folder + "/\(index)") }
    var options = StaticFiles.Options()
    (options.maximumCachedBytes, options.maximumCachedFiles, options.revalidation) = (1000, 8, .seconds(3600))
    let root = OpenFile(descriptor: open(folder, O_RDONLY | O_DIRECTORY))
    let cache = FileCache(root: root, options)
    for index in 0..<20 {
      _ = try await cache.entry("\(index)")
      _ = try await cache.entry("0")
      #expect(cache.size.entries <= 8 && cache.size.bytes <= 1000)
    }
    unlink(folder + "/0")
    unlink(folder + "/1")
    guard case .file = try await cache.entry("0") else {
      Issue.record("what was asked for all the time was forgotten")
      return
    }
    guard case .missing = try await cache.entry("1") else {
      Issue.record("what was not asked for was kept")
      return
    }
  }

  @Test("what is no folder, or not to be read, is a clear error of the start")
  func errors() throws {
    let folder = try temporaryDirectory()
    defer { removeDirectory(folder) }
    try write("x", folder + "/file")
    #expect(throws: StaticFilesError(root: folder + "/none", ENOENT)) {
      try StaticFiles(root: folder + "/none")
    }
    #expect(throws: StaticFilesError(root: folder + "/file", ENOTDIR)) {
      try StaticFiles(root: folder + "/file")
    }
    #expect("\(StaticFilesError(root: "a", ENOENT))" == "there is no folder “a”: name one that is there")
  }
}
