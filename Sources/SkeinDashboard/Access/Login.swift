internal import HTTPTypes
internal import SkeinNetwork

/// The page that asks for the token, and keeps it in a cookie.
struct Login: Sendable {
  let token: String
  let frame: PageFrame

  func add(to router: inout Router) {
    router.get("/login") { _, _ in Pages.response(page(isWrong: false)) }
    router.group("") { router in
      // Who guesses, guesses slowly.
      router.use(RateLimit(10, per: .seconds(60)))
      router.post("/login") { request, _ in try await enter(request) }
    }
    router.post("/logout") { _, _ in
      var response = Response.redirect(to: "/login")
      response.setCookie(cookie("", maximumAge: .zero))
      return response
    }
  }

  private func enter(_ request: Request) async throws -> Response {
    let given = try await request.form()["token"] ?? ""
    guard constantTimeEqual(given.filter { !$0.isWhitespace }, token) else {
      return Pages.response(page(isWrong: true), status: .unauthorized)
    }
    var response = Response.redirect(to: "/")
    response.setCookie(cookie(token, maximumAge: .seconds(30 * 86_400)))
    return response
  }

  private func cookie(_ value: String, maximumAge: Duration) -> Cookie {
    var cookie = Cookie(TokenCheck.cookie, value, maximumAge: maximumAge)
    cookie.sameSite = .strict
    return cookie
  }

  private func page(isWrong: Bool) -> HTML {
    let wrong: HTML = isWrong ? "<p class=\"problem\" role=\"alert\">That is not the token.</p>" : ""
    let content = PageContent(
      title: "Log in", place: "",
      parts: [
        .init(
          "login",
          """
          <section class="login"><h1>Log in</h1>\(wrong)
          <form method="post" action="/login">
          <label><span>token</span><input type="password" name="token" autocomplete="current-password" required autofocus></label>
          <button class="main">Log in</button></form>
          <p class="note">It was shown when the dashboard was started for the first time, and is in the file
          <code>dashboard-token</code> beside the queue.</p></section>
          """)
      ])
    var frame = frame
    frame.hasToken = false
    return frame.page(content, live: nil)
  }
}
