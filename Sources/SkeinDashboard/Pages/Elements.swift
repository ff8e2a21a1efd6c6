internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs

/// Pieces that many pages have.
enum Elements {
  /// A time, as far as it is away; the exact one on hovering.
  static func time(_ date: Date?) -> HTML {
    guard let date else { return "–" }
    let exact = TimeText.exact(date)
    return "<time datetime=\"\(exact)\" title=\"\(exact)\">\(TimeText.distance(to: date))</time>"
  }

  /// A number with thin spaces between thousands.
  static func number(_ value: Int) -> String {
    var digits = Array("\(value)")
    var place = digits.count - 3
    while place > (value < 0 ? 1 : 0) {
      digits.insert("\u{202f}", at: place)
      place -= 3
    }
    return String(digits)
  }

  /// A rate in a second, with about two digits.
  static func rate(_ value: Double) -> String {
    if value <= 0 { return "0/s" }
    if value < 0.1 { return "\(number(max(1, Int((value * 60).rounded()))))/min" }
    return value < 10 ? "\(Double(Int((value * 10).rounded())) / 10)/s" : "\(number(Int(value.rounded())))/s"
  }

  /// Where a job stands.
  static func state(_ job: JobRecord) -> HTML {
    "<span class=\"state \(job.state.name)\">\(job.stateText)</span>"
  }

  /// A link to a job.
  static func link(_ job: Int64) -> HTML { "<a href=\"/jobs/\(job)\">\(job)</a>" }

  /// A button that does something.
  ///
  /// - Parameter question: is asked before.
  static func button(_ title: String, posts path: String, question: String? = nil, kind: String = "") -> HTML
  {
    let confirm: HTML = question.map { " data-confirm=\"\($0)\"" } ?? ""
    return
      "<form method=\"post\" action=\"\(path)\"\(confirm)><button class=\"\(kind)\">\(title)</button></form>"
  }

  /// A table with a heading for each column; the headings are shown again beside each value where the screen is narrow.
  static func table(_ caption: String, _ columns: [String], _ rows: [[HTML]], numbers: Set<Int> = []) -> HTML
  {
    let head: [HTML] = columns.enumerated().map { "<th scope=\"col\"\(number(numbers, $0))>\($1)</th>" }
    let body: [HTML] = rows.map { row in
      let cells: [HTML] = zip(columns, row).enumerated().map { place, cell in
        "<td data-label=\"\(cell.0)\"\(number(numbers, place))>\(cell.1)</td>"
      }
      return "<tr>\(cells)</tr>\n"
    }
    return """
      <div class="scroll"><table><caption class="unseen">\(caption)</caption><thead><tr>\(head)</tr></thead>
      <tbody>
      \(body)</tbody></table></div>
      """
  }

  private static func number(_ numbers: Set<Int>, _ place: Int) -> HTML {
    numbers.contains(place) ? " class=\"number\"" : ""
  }

  /// What stands where there is nothing.
  static func empty(_ text: HTML) -> HTML { "<p class=\"empty\">\(text)</p>" }
}
