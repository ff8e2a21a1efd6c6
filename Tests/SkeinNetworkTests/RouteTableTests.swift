import HTTPTypes
import SkeinNetwork
import SkeinTesting
import Testing

@Suite("RouteTable")
struct RouteTableTests {
  private func table(_ patterns: String...) throws -> RouteTable<String> {
    var table = RouteTable<String>()
    for pattern in patterns { try table.add(.get, pattern, pattern) }
    return table
  }

  /// The pattern that a path has, and its parameters.
  private func answer(_ table: RouteTable<String>, _ path: String, _ names: String...) -> [String?] {
    switch table.match(.get, path) {
    case .found(let pattern, let parameters): [pattern] + names.map { parameters[$0] }
    case .notFound: ["404"]
    case .malformed: ["400"]
    case .options, .methodNotAllowed: ["405"]
    }
  }

  @Test("literals, parameters and the rest; what says more counts, wherever it was added")
  func order() throws {
    let table = try table(
      "/", "/users/{id}", "/users/{id:Int}", "/users/{id:UUID}", "/users/me", "/files/{path...}",
      "/users/{user}/posts/{post:Int}")
    #expect(answer(table, "/") == ["/"])
    #expect(answer(table, "/users/me") == ["/users/me"])
    #expect(answer(table, "/users/42", "id") == ["/users/{id:Int}", "42"])
    let uuid = "123E4567-e89b-12d3-a456-426614174000"
    #expect(answer(table, "/users/\(uuid)", "id") == ["/users/{id:UUID}", uuid])
    #expect(answer(table, "/users/123E4567-e89b", "id") == ["/users/{id}", "123E4567-e89b"])
    #expect(answer(table, "/users/anna", "id", "other") == ["/users/{id}", "anna", nil])
    #expect(
      answer(table, "/users/anna/posts/7", "user", "post") == ["/users/{user}/posts/{post:Int}", "anna", "7"])
    #expect(answer(table, "/users/anna/posts/x") == ["404"])
    #expect(answer(table, "/files/a/b//c.txt", "path") == ["/files/{path...}", "a/b//c.txt"])
    #expect(answer(table, "/files/a/", "path") == ["/files/{path...}", "a/"])
    for path in ["/files", "/files/", "/users", "/users/", "//", "/users/me/", "/Users/me"] {
      #expect(answer(table, path) == ["404"], "\(path)")
    }
  }

  @Test("a beginning that leads nowhere is gone back from")
  func backtracking() throws {
    let table = try table("/a/b/c", "/a/{x}/d", "/{x}/{y}/e", "/{all...}", "/a/{n:Int}/f")
    #expect(answer(table, "/a/b/c") == ["/a/b/c"])
    #expect(answer(table, "/a/b/d", "x") == ["/a/{x}/d", "b"])
    #expect(answer(table, "/a/b/e", "x", "y") == ["/{x}/{y}/e", "a", "b"])
    #expect(answer(table, "/a/7/d", "x") == ["/a/{x}/d", "7"])
    #expect(answer(table, "/a/b/g", "all") == ["/{all...}", "a/b/g"])
  }

  @Test("segments are decoded after they were parted, and what is no text is refused")
  func decoding() throws {
    let table = try table("/caf%C3%A9/{name}", "/x")
    #expect(answer(table, "/caf%c3%a9/a%2Fb%20c", "name") == ["/caf%C3%A9/{name}", "a/b c"])
    #expect(answer(table, "/café/%E2%82%AC", "name") == ["/caf%C3%A9/{name}", "€"])
    #expect(answer(table, "/%78") == ["/x"])
    for path in ["", "x", "*", "/%", "/%4", "/%zz", "/%ff", "/a%00b", "/%C3/%A9"] {
      #expect(answer(table, path) == ["400"], "\(path)")
    }
  }

  @Test("methods: HEAD is GET's, OPTIONS and others are told what there is")
  func methods() throws {
    var table = RouteTable<String>()
    try table.add(.get, "/a", "get")
    try table.add(.post, "/a", "post")
    try table.add(.delete, "/{x}", "delete")
    try table.add(.head, "/own", "head")
    try table.add(.get, "/own", "get")
    try table.add(.options, "/cors", "options")
    func answer(_ method: HTTPRequest.Method, _ path: String) -> String {
      switch table.match(method, path) {
      case .found(let handler, _): handler
      case .options(let allowed): "options " + allowed.map(\.rawValue).joined(separator: ",")
      case .methodNotAllowed(let allowed): "not " + allowed.map(\.rawValue).joined(separator: ",")
      case .notFound, .malformed: "none"
      }
    }
    #expect(answer(.head, "/a") == "get" && answer(.head, "/own") == "head")
    #expect(answer(.delete, "/a") == "delete", "by a pattern that says less")
    #expect(answer(.put, "/a") == "not DELETE,GET,HEAD,OPTIONS,POST")
    #expect(answer(.options, "/a") == "options DELETE,GET,HEAD,OPTIONS,POST")
    #expect(answer(.options, "/cors") == "options" && answer(.options, "/x/y") == "none")
  }

  @Test("a table goes under a beginning")
  func groups() throws {
    let users = try table("/users", "/users/{id}")
    var table = RouteTable<String>()
    try table.add(users, under: "/api/{version}")
    #expect(answer(table, "/api/v1/users/7", "version", "id") == ["/users/{id}", "v1", "7"])
    #expect(table.routes.map(\.pattern) == ["/api/{version}/users", "/api/{version}/users/{id}"])
    #expect(throws: RouteError.self) { try table.add(users, under: "/api/") }
    #expect(throws: RouteError.self) { try table.add(users, under: "/x/{id}") }
  }

  @Test("what is no pattern, or there already, is refused, with the reason")
  func refusals() throws {
    var table = try table("/a/{x}")
    for (pattern, part) in [
      ("a", "begin with a slash"), ("", "begin with a slash"), ("/a{x}", "whole segment"),
      ("/{x", "whole segment"),
      ("/{}", "no name"), ("/{x:Float}", "no kind"), ("/{x...}/b", "something follows"),
      ("/{x}/{x}", "twice"),
      ("/{a b}", "no name"), ("/%zz", "percent sign"),
    ] {
      let error = #expect(throws: RouteError.self) { try table.add(.get, pattern, "") }
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
    #expect(throws: RouteError.collides(method: "GET", pattern: "/a/{y}", with: "/a/{x}")) {
      try table.add(.get, "/a/{y}", "")
    }
    try table.add(.post, "/a/{y}", "")
    try table.add(.get, "/a/{y:Int}", "")
  }

  @Test("parameters as values")
  func parameters() throws {
    guard case .found(_, let parameters) = try table("/{a}/{b}").match(.get, "/7/x") else {
      Issue.record("no match")
      return
    }
    #expect(parameters.value("a") == 7 && parameters.value("b", as: Int.self) == nil)
    #expect(parameters.value("a", as: Double.self) == 7 && parameters.value("c", as: Int.self) == nil)
  }

  @Test(
    "whatever comes, a match answers, and what it finds has the pattern", arguments: 0..<20 as Range<UInt64>)
  func random(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let words = ["a", "b", "{x}", "{y:Int}", "{r...}", "7"]
    var table = RouteTable<String>()
    for _ in 0..<30 {
      var pattern = ""
      for index in 0..<Int.random(in: 1...4, using: &random) {
        let word = words.randomElement(using: &random)!
        pattern += "/" + word.replacing("x", with: "x\(index)").replacing("y", with: "y\(index)")
        if word == "{r...}" { break }
      }
      try? table.add(.get, pattern, pattern)
    }
    for _ in 0..<200 {
      let segments = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        ["a", "b", "7", "z", ""].randomElement(using: &random)!
      }
      let path = "/" + segments.joined(separator: "/")
      guard case .found(let pattern, _) = table.match(.get, path) else { continue }
      let parts = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() where !part.hasPrefix("{r") {
        let segment = segments[index]
        #expect(
          part.hasPrefix("{x")
            ? !segment.isEmpty : part.hasPrefix("{y") ? Int(segment) != nil : part == segment)
      }
      #expect(parts.last!.hasPrefix("{r") ? segments.count >= parts.count : segments.count == parts.count)
    }
  }
}
