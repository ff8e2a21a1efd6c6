import BenchReport
import Foundation

/// Where things are; `./bench` says so in the environment.
struct Places {
  /// The checkout.
  let root: String
  /// The command-line tool, built in release.
  let tool: String
  /// A folder of this run on the checkout's disk (a temporary folder may be memory, where a sync costs nothing).
  let data: String

  var benchmarks: String { root + "/Benchmarks" }
  var python: String { benchmarks + "/.venv/bin/python" }
  var launcher: String { root + "/skein" }
  var results: String { benchmarks + "/RESULTS.md" }

  init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    guard let root = environment["SKEIN_BENCH_ROOT"], let tool = environment["SKEIN_BENCH_TOOL"] else {
      throw BenchmarkError("start the benchmarks with ./bench in the checkout")
    }
    self.root = root
    self.tool = tool
    data = "\(root)/Benchmarks/.build/data-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(atPath: data) }
}
