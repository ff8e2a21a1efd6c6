import BenchReport
import Foundation

/// Where things are; `./bench` says so in the environment.
struct Places {
  /// This program.
  let program: String
  let benchmarks: String

  init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    guard let root = environment["SKEIN_BENCH_ROOT"] else {
      throw BenchmarkError("start the benchmarks with ./bench in the checkout")
    }
    program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    benchmarks = "\(root)/Benchmarks"
  }

  /// The programs of the other languages, built.
  var peers: String { benchmarks + "/.peers" }
  /// Their sources.
  var sources: String { benchmarks + "/peers/languages" }
  var results: String { benchmarks + "/RESULTS.md" }
}
