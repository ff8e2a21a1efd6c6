import Foundation
import SkeinFutures
import SkeinTesting
import Testing

/// The same numbers here and in Python's module `statistics` give the same figures.
@Suite("As in Python's statistics", .enabled(if: PythonStatistics.path != nil, "python3 is not installed"))
struct PythonStatisticsTests {
  @Test("mean, median, deviation and quantiles agree", arguments: 1...8 as ClosedRange<UInt64>)
  func figures(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 2...400, using: &generator)
    // Times have a long tail to one side.
    let values = (0..<count).map { _ in exp(Double.random(in: -3...9, using: &generator)) }
    let sample = try SampleStatistics(values)
    let ours =
      [sample.mean, sample.median, sample.standardDeviation, sample.medianAbsoluteDeviation]
      + (1..<20).map { sample.quantile(Double($0) / 20) }
    let theirs = try await PythonStatistics.figures(of: values)
    #expect(ours.count == theirs.count)
    for (our, their) in zip(ours, theirs) { #expect(isNear(our, their, to: 1e-11), "seed \(seed)") }
  }
}

enum PythonStatistics {
  static let path = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  private static let program = """
    import statistics as s, sys
    values = [float(word) for word in sys.argv[1:]]
    median = s.median(values)
    figures = [s.mean(values), median, s.stdev(values), s.median(abs(v - median) for v in values)]
    print(*(figures + s.quantiles(values, n=20, method="inclusive")))
    """

  static func figures(of values: [Double]) async throws -> [Double] {
    try await onThread {
      let process = Process()
      process.executableURL = URL(filePath: path!)
      process.arguments = ["-I", "-c", program] + values.map { "\($0)" }
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      process.waitUntilExit()
      return text.split { $0.isWhitespace }.compactMap { Double($0) }
    }
  }
}
