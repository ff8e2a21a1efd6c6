/// What a page shows, in parts that are brought up to date one by one.
struct PageContent: Sendable {
  /// A part.
  struct Part: Sendable {
    /// What the part is called, in the page and in the stream of its news.
    var id: String
    var html: HTML

    init(_ id: String, _ html: HTML) { (self.id, self.html) = (id, html) }

    /// Whether it tells the same: how far away times are, pages find out by themselves.
    func tells(theSameAs other: Part) -> Bool {
      id == other.id && (html == other.html || html.withoutDistances == other.html.withoutDistances)
    }
  }

  var title: String
  /// The address that is marked in the menu.
  var place: String
  var parts: [Part]

  init(title: String, place: String, parts: [Part]) {
    (self.title, self.place, self.parts) = (title, place, parts)
  }
}

/// What stands around the content of a page.
struct PageFrame: Sendable {
  /// Whether there is a token, and so a way out.
  var hasToken: Bool
  var isReadOnly: Bool

  private static let menu = [
    ("/", "Overview"), ("/jobs", "Jobs"), ("/failures", "Failures"), ("/schedules", "Schedules"),
    ("/workers", "Workers"),
  ]

  /// - Parameter live: the address whose news the page follows; `nil` for one that stays as it is.
  func page(_ content: PageContent, live: String?) -> HTML {
    let menu: [HTML] = Self.menu.map { path, name in
      let current: HTML = path == content.place ? " aria-current=\"page\"" : ""
      return "<a href=\"\(path)\"\(current)>\(name)</a>"
    }
    let parts: [HTML] = content.parts.map { "<div data-part=\"\($0.id)\">\($0.html)</div>\n" }
    let following: HTML = live.map { " data-live=\"/live?page=\(Self.encoded($0))\"" } ?? ""
    let leaving: HTML =
      hasToken
      ? "<form method=\"post\" action=\"/logout\"><button class=\"quiet\">Log out</button></form>" : ""
    let state: HTML =
      live == nil
      ? ""
      : "<button type=\"button\" class=\"quiet\" id=\"live\" hidden aria-pressed=\"true\"><span class=\"dot\"></span><span id=\"live-text\">Live</span></button>"
    let note: HTML = isReadOnly ? "<span class=\"badge\">read-only</span>" : ""
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(content.title) · Skein</title>
      <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
      <link rel="stylesheet" href="/assets/dashboard.css">
      <script src="/assets/dashboard.js" defer></script>
      </head>
      <body>
      <a class="skip" href="#main">Skip to the content</a>
      <header class="top">
      <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="24" height="24">Skein</a>
      <nav aria-label="Pages">\(menu)</nav>
      <div class="tools">\(note)\(state)\(leaving)</div>
      </header>
      <main id="main"\(following)>
      \(parts)</main>
      </body>
      </html>

      """
  }

  /// A text as a part of a query.
  static func encoded(_ text: String) -> String {
    text.utf8.reduce(into: "") { result, byte in
      let isPlain =
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || "-._~/".utf8.contains(byte)
      result +=
        isPlain
        ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16, uppercase: true).leftPadded()
    }
  }
}

extension String {
  fileprivate func leftPadded() -> String { count < 2 ? "0" + self : self }
}
