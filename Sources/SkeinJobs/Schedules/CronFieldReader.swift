/// Reads the text of one field of a cron expression.
struct CronFieldReader {
  let field: CronField
  /// In capitals.
  let text: Substring

  /// What stands between the commas.
  func elements() throws(InvalidSchedule) -> [CronElement] {
    var elements: [CronElement] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      elements.append(try element(part))
    }
    return elements
  }

  private func element(_ part: Substring) throws(InvalidSchedule) -> CronElement {
    guard !part.isEmpty else {
      throw invalid(
        "nothing stands before or after a comma", "take the comma away, or write \(field.allowed)")
    }
    if part == "L", field == .dayOfMonth { return .lastDay }
    if part.contains("#"), field == .dayOfWeek { return try weekdayOfMonth(part) }
    let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2 else { return .span(try span(part), step: 1) }
    let step = try step(halves[1], of: halves[0])
    return .span(try span(halves[0]), step: step)
  }

  private func span(_ part: Substring) throws(InvalidSchedule) -> ClosedRange<Int> {
    if part == "*" { return field.all }
    let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let first = try number(ends[0])
    guard ends.count == 2 else { return first...first }
    var last = try number(ends[1])
    // As a word Sunday ends the week when it ends a range: SAT-SUN is the weekend.
    if ends[1] == "SUN", first > 0 { last = 7 }
    guard first <= last else { throw backwards(part, first, last) }
    return first...last
  }

  private func backwards(_ part: Substring, _ first: Int, _ last: Int) -> InvalidSchedule {
    let rest = "\(field.all.lowerBound)-\(last)"
    return invalid(
      "the range '\(part)' runs backwards through \(field.numbers)",
      "write " + (field.all.contains(first) ? "\(first)-\(field.all.upperBound),\(rest)" : rest))
  }

  private func step(_ text: Substring, of span: Substring) throws(InvalidSchedule) -> Int {
    guard span == "*" || span.contains("-") else {
      let range = "\(span)-\(field.all.upperBound)/\(text)"
      throw invalid(
        "a step needs a range or * before it, of \(field.numbers)", "write \(range), or \(span) alone")
    }
    guard let step = Int(digits: text), (1...field.all.count).contains(step) else {
      throw invalid(
        "the step '\(text)' is not from 1 to \(field.all.count)",
        "write a step that is at most as long as the field, as in */5; other rhythms need a fixed interval")
    }
    return step
  }

  private func weekdayOfMonth(_ part: Substring) throws(InvalidSchedule) -> CronElement {
    let halves = part.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let weekday = try number(halves[0]) % 7
    if halves[1] == "L" { return .last(weekday: weekday) }
    guard let place = Int(digits: halves[1]), (1...5).contains(place) else {
      throw invalid(
        "'\(halves[1])' is not from 1 to 5 or L",
        "write MON#1 for the first Monday of a month, MON#L for the last")
    }
    return .nth(weekday: weekday, place)
  }

  private func number(_ text: Substring) throws(InvalidSchedule) -> Int {
    if let index = field.names.firstIndex(where: { $0 == text }) { return field.range.lowerBound + index }
    if let number = Int(digits: text), field.range.contains(number) { return number }
    throw invalid("'\(text)' is not within \(field.numbers)", advice(for: text))
  }

  private func advice(for text: Substring) -> String {
    if let name = field.names.first(where: { text.hasPrefix($0) }) { return "write \(name)" }
    if text == "?" { return "write *" }
    if text == "L", field == .dayOfWeek { return "write FRI#L for the last Friday of a month" }
    if text == "L", field == .dayOfMonth { return "write L alone, for the last day of a month" }
    let low = field.range.lowerBound
    return
      "write one value, as in \(low), a range, as in \(low)-\(low + 4), a list, as in \(low),\(low + 3), or *"
  }

  private func invalid(_ problem: String, _ advice: String) -> InvalidSchedule {
    InvalidSchedule(field.name, text, problem: problem, advice: advice)
  }
}

extension Int {
  /// Reads decimal digits alone: no sign, no spaces.
  fileprivate init?(digits: Substring) {
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    self.init(digits)
  }
}
