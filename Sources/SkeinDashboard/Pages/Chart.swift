internal import FoundationEssentials
internal import Glibc
internal import SkeinJobForms

/// A small chart of a span of time, as SVG.
struct Chart {
  /// Lines or bars of one thing.
  struct Series {
    enum Form { case line, bars }

    var name: String
    var form: Form
    /// One for each part; `nil` where there is nothing.
    var values: [Double?]
  }

  private static let (width, height) = (440.0, 150.0)
  private static let (left, bottom, top) = (46.0, 20.0, 8.0)

  var title: String
  var series: [Series]
  /// When the first part begins, in seconds since 1970, and how long each is.
  var start: Int64
  var step: Int64
  /// Whether each line of the grid is ten times the one below.
  var isLogarithmic = false
  var label: (Double) -> String
  /// What stands at the lines of the grid, if that is said in another way.
  var gridLabel: ((Double) -> String)?

  private var count: Int { series.map(\.values.count).max() ?? 0 }
  private var values: [Double] { series.flatMap(\.values).compactMap(\.self).filter { $0 > 0 } }

  // MARK: The scale

  /// The lowest and the highest value of the scale.
  private var bounds: (low: Double, high: Double) {
    let highest = stackedTops.max() ?? 0
    guard isLogarithmic else { return (0, Self.rounded(max(highest, values.max() ?? 0))) }
    var (low, high) = (0.001, 0.001)
    while high < values.max() ?? 0 { high *= 10 }
    while low > values.min() ?? 1 { low /= 10 }
    while low * 10 < values.min() ?? 0 { low *= 10 }
    return (low, max(high, low * 10))
  }

  private var stackedTops: [Double] {
    let bars = series.filter { $0.form == .bars }
    return (0..<count).map { place in bars.reduce(0) { $0 + ($1.values[place] ?? 0) } }
  }

  /// The next of 1, 2 and 5 times a power of ten.
  private static func rounded(_ value: Double) -> Double {
    guard value > 0 else { return 1 }
    var power = 1.0
    while power * 10 <= value { power *= 10 }
    while power > value { power /= 10 }
    return power * ([1, 2, 5, 10].first { $0 * power >= value * 0.999 } ?? 10)
  }

  private func y(_ value: Double) -> Double {
    let (low, high) = bounds
    let part =
      isLogarithmic
      ? Self.logarithm(max(value, low) / low) / Self.logarithm(high / low) : value / high
    return Self.height - Self.bottom - part * (Self.height - Self.bottom - Self.top)
  }

  private static func logarithm(_ value: Double) -> Double { value <= 0 ? 0 : log10(value) }

  private func x(_ place: Double) -> Double {
    Self.left + place / Double(max(1, count)) * (Self.width - Self.left - 4)
  }

  // MARK: Drawing

  var html: HTML {
    let legend: [HTML] = series.map { "<li class=\"\($0.name)\">\($0.name)</li>" }
    let drawn = series.filter { $0.form == .bars }.isEmpty ? HTML("") : bars
    let lines: [HTML] = series.filter { $0.form == .line }.map(line)
    return """
      <figure class="chart"><figcaption>\(title)<ul class="legend">\(legend)</ul></figcaption>
      <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" aria-label="\(summary)">\(grid)\(drawn)\(lines)\(ticks)</svg></figure>
      """
  }

  private var summary: String {
    let latest = series.map { series in
      "\(series.name) \(series.values.compactMap(\.self).last.map(label) ?? "none")"
    }
    return "\(title): latest \(latest.joined(separator: ", ")); at most \(label(values.max() ?? 0))"
  }

  private var grid: HTML {
    let (low, high) = bounds
    var lines: [Double] = [0, high / 2, high]
    if isLogarithmic { lines = Array(sequence(first: low) { $0 * 10 <= high * 1.001 ? $0 * 10 : nil }) }
    let pieces: [HTML] = lines.map { value in
      """
      <line class="grid" x1="\(Self.text(Self.left))" x2="\(Self.text(Self.width))" y1="\(Self.text(y(value)))" y2="\(Self.text(y(value)))"/>\
      <text x="\(Self.text(Self.left - 6))" y="\(Self.text(y(value) + 3))" text-anchor="end">\((gridLabel ?? label)(value))</text>
      """
    }
    return pieces.joined()
  }

  /// The times at the edge.
  private var ticks: HTML {
    let pieces: [HTML] = (0...4).map { tick in
      let place = Double(tick) / 4 * Double(count)
      let seconds = Double(start + step * Int64(place))
      let date = Date(timeIntervalSince1970: seconds)
      let anchor = tick == 0 ? "start" : tick == 4 ? "end" : "middle"
      return
        "<text x=\"\(Self.text(x(place)))\" y=\"\(Self.text(Self.height - 5))\" text-anchor=\"\(anchor)\">\(clock(date))</text>"
    }
    return pieces.joined()
  }

  private func clock(_ date: Date) -> String {
    let exact = TimeText.exact(date)
    return step >= 900 ? String(exact.dropFirst(5).prefix(5)) : String(exact.dropFirst(11).prefix(5))
  }

  /// Bars on top of each other.
  private var bars: HTML {
    let stacked = series.filter { $0.form == .bars }
    var pieces: [HTML] = []
    for place in 0..<count {
      var below = 0.0
      for series in stacked {
        guard let value = series.values[place], value > 0 else { continue }
        let (low, high) = (y(below), y(below + value))
        pieces.append(
          "<rect class=\"\(series.name)\" x=\"\(Self.text(x(Double(place))))\" width=\"\(Self.text(max(0.8, x(1) - x(0) - 0.4)))\" y=\"\(Self.text(high))\" height=\"\(Self.text(max(0.8, low - high)))\"><title>\(tip(series, place, value))</title></rect>"
        )
        below += value
      }
    }
    return pieces.joined()
  }

  private func tip(_ series: Series, _ place: Int, _ value: Double) -> String {
    let time = TimeText.exact(Date(timeIntervalSince1970: Double(start + step * Int64(place))))
    return "\(label(value)) \(series.name), \(time.prefix(16).replacing("T", with: " ")) UTC"
  }

  private func line(_ series: Series) -> HTML {
    var path = ""
    var isDown = false
    for (place, value) in series.values.enumerated() {
      guard let value else {
        isDown = false
        continue
      }
      let (x, y) = (Self.text(x(Double(place) + 0.5)), Self.text(y(value)))
      // A value between two gaps is a dot: a line of no length with round ends.
      path += isDown ? "L\(x) \(y)" : "M\(x) \(y)h0"
      isDown = true
    }
    return "<path class=\"\(series.name)\" d=\"\(path)\"/>"
  }

  private static func text(_ value: Double) -> String { "\(Double(Int((value * 10).rounded())) / 10)" }
}
