extension Timing: CustomStringConvertible {
  /// One line: the mean with its interval, the median, the extremes, and what they are made of.
  public var description: String {
    let unit = DurationText.Unit(for: median)
    func text(_ span: Duration) -> String { DurationText.text(span, in: unit) }
    let reach = meanInterval().map { " ± \(DurationText.number($0.upperBound - mean, in: unit))" } ?? ""
    return "mean \(DurationText.number(mean, in: unit))\(reach) \(unit.name), median \(text(median)),"
      + " \(DurationText.number(minimum, in: unit)) to \(text(maximum)); \(composition)"
  }

  /// A line for each figure, in one unit.
  public var table: String {
    let rows = tableRows
    let width = rows.reduce(0) { max($0, $1.value.count) }
    return rows.map { row in
      let name = row.name + String(repeating: " ", count: 10 - row.name.count)
      let value = String(repeating: " ", count: width - row.value.count) + row.value
      return name + value + (row.note.isEmpty ? "" : "  " + row.note) + "\n"
    }.joined()
  }

  private struct Row {
    var name: String
    var value: String
    var note = ""
  }

  private var tableRows: [Row] {
    let unit = DurationText.Unit(for: median)
    func row(_ name: String, _ span: Duration, _ note: String = "") -> Row {
      Row(name: name, value: DurationText.text(span, in: unit), note: note)
    }
    func interval(_ range: ClosedRange<Duration>?) -> String {
      guard let range else { return "" }
      return
        "95 %: \(DurationText.number(range.lowerBound, in: unit)) to \(DurationText.text(range.upperBound, in: unit))"
    }
    let spread = "median distance to the median: \(DurationText.text(medianAbsoluteDeviation, in: unit))"
    return [
      row("minimum", minimum), row("median", median, interval(medianInterval())),
      row("mean", mean, interval(meanInterval())), row("deviation", standardDeviation, spread),
      row("p90", p90), row("p95", p95), row("p99", p99), row("p99.9", p999),
      row("maximum", maximum, composition),
    ]
  }

  private var composition: String {
    let calls = repetitions == 1 ? "" : " of \(repetitions) calls each"
    let outliers =
      outlierCount == 0 ? "" : ", \(outlierCount) of them \(outlierCount == 1 ? "an outlier" : "outliers")"
    return "\(iterations) sample\(iterations == 1 ? "" : "s")\(calls)\(outliers)"
  }
}
