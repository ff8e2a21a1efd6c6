import BenchReport

/// Everything measured of one system: for each metric, a value from each run.
struct Measurements: Codable {
  var system: String
  var version: String?
  var note: String?
  /// Why there are no figures.
  var skipped: String?
  var samples: [Metric: [Double]] = [:]

  init(system: String) {
    self.system = system
  }

  mutating func add(_ value: Double, _ metric: Metric) { samples[metric, default: []].append(value) }

  /// The median of the runs; `nil` when the system does not have what the metric asks for.
  subscript(metric: Metric) -> Double? { samples[metric].flatMap { $0.sorted().percentile(50) } }

  /// How many times better `self` is than `other`.
  func ratio(to other: Measurements, _ metric: Metric) -> Double? {
    guard let ours = self[metric], let theirs = other[metric], ours > 0, theirs > 0 else { return nil }
    return metric.isRate ? ours / theirs : theirs / ours
  }
}
