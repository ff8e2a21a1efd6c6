import ArgumentParser
import HTTPTypes
import Hummingbird
import Logging
import NIOPosix

struct Message: ResponseEncodable { var message: String }

struct WithID: RouterMiddleware {
  func handle(
    _ request: Request, context: BasicRequestContext,
    next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    response.headers[HTTPField.Name("X-Request-Id")!] =
      request.headers[HTTPField.Name("X-Request-Id")!] ?? context.id
    return response
  }
}

struct WithSecurity: RouterMiddleware {
  func handle(
    _ request: Request, context: BasicRequestContext,
    next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[HTTPField.Name("X-Frame-Options")!] = "DENY"
    response.headers[HTTPField.Name("Referrer-Policy")!] = "strict-origin-when-cross-origin"
    response.headers[HTTPField.Name("Cross-Origin-Opener-Policy")!] = "same-origin"
    return response
  }
}

@main struct Server: AsyncParsableCommand {
  @Option var port: Int
  @Option var threads = 1
  @Option var root = "."

  func run() async throws {
    var logger = Logger(label: "hummingbird")
    logger.logLevel = .error
    let router = Router()
    router.get("/plaintext") { _, _ in "Hello, World!\n" }
    router.get("/json") { _, _ in Message(message: "Hello, World!") }
    router.add(middleware: FileMiddleware(root, searchForIndexHtml: false))
    let api = router.group("/api").add(middleware: WithID()).add(middleware: WithSecurity())
      .add(middleware: CORSMiddleware(allowOrigin: .all))
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] { api.get("/\(name)/:id") { _, _ in "x" } }
    api.get("/users/:id/posts") { _, context in
      "posts of \(try context.parameters.require("id", as: Int.self))"
    }
    let application = Application(
      router: router,
      configuration: .init(address: .hostname("127.0.0.1", port: port), backlog: 4096),
      eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: threads)),
      logger: logger)
    try await application.runService()
  }
}
