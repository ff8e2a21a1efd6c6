/// The text of a cron expression, split into its fields.
struct CronFields {
  /// The whole, in capitals and with one space between fields; a macro in small letters.
  let source: String
  private let texts: [CronField: Substring]

  private static let fields: [CronField] = [.second, .minute, .hour, .dayOfMonth, .month, .dayOfWeek]

  private static let macros = [
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
  ]

  /// Splits a text, macros replaced.
  init(_ text: String) throws(InvalidSchedule) {
    let words = text.uppercased().split(whereSeparator: \.isWhitespace)
    let isMacro = words.first?.first == "@"
    source = isMacro ? words.joined(separator: " ").lowercased() : words.joined(separator: " ")
    var expanded = isMacro ? try Self.expand(source) : words
    if expanded.count == 5 { expanded.insert("0", at: 0) }
    guard expanded.count == Self.fields.count else {
      throw InvalidSchedule(
        "cron expression", text, problem: "it has \(expanded.count) fields, but 5 or 6 are needed",
        advice:
          "write minute, hour, day of month, month and day of week, as in '30 4 * * MON-FRI'; a second may "
          + "stand before them")
    }
    texts = Dictionary(uniqueKeysWithValues: zip(Self.fields, expanded))
  }

  private static func expand(_ macro: String) throws(InvalidSchedule) -> [Substring] {
    if let expression = macros[macro] { return expression.split(separator: " ") }
    let known = "@yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly"
    throw InvalidSchedule(
      "cron expression", macro, problem: "the macros are \(known)",
      advice: "write one of them, five fields, or a fixed interval in place of an expression")
  }

  func elements(_ field: CronField) throws(InvalidSchedule) -> [CronElement] {
    try CronFieldReader(field: field, text: texts[field, default: "*"]).elements()
  }

  func beginsWithStar(_ field: CronField) -> Bool { texts[field, default: "*"].first == "*" }

  /// The error of an expression whose days never come.
  func impossible() -> InvalidSchedule {
    let day = texts[.dayOfMonth, default: "*"]
    let month = texts[.month, default: "*"]
    return InvalidSchedule(
      "cron expression", source,
      problem: "it can never fire, for no month of '\(month)' has a day of '\(day)'"
        + (texts[.dayOfWeek] == "*" ? "" : " that is a day of week of '\(texts[.dayOfWeek, default: "*"])'"),
      advice: "months have 28 to 31 days; write a day that comes, or L for the last one")
  }
}
