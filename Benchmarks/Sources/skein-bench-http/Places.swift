import BenchReport
import Foundation

/// Where things are; `./bench` says so in the environment.
struct Places {
  /// Skein's own server.
  let server: String
  private let benchmarks: String

  init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    guard let root = environment["SKEIN_BENCH_ROOT"], let server = environment["SKEIN_BENCH_SERVER"] else {
      throw BenchmarkError("start the benchmarks with ./bench in the checkout")
    }
    self.server = server
    benchmarks = "\(root)/Benchmarks"
  }

  var peers: String { benchmarks + "/.peers" }
  var swiftPeers: String { peers + "/http-swift/release" }
  var sources: String { benchmarks + "/peers/http" }
  var python: String { benchmarks + "/.venv/bin/python" }
  var results: String { benchmarks + "/RESULTS.md" }
}
