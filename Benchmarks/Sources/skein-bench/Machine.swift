import Foundation
import Glibc

/// The machine that a run was made on.
struct Machine: Codable, CustomStringConvertible {
  var processor: String
  var cores: Int
  var kernel: String
  var day: String

  static var current: Machine {
    let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = information.split(separator: "\n").first { $0.hasPrefix("model name") }
    let kernel = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? ""
    return Machine(
      processor: model?.split(separator: ":").last.map { String($0.drop { $0 == " " }) }
        ?? "unknown processor",
      cores: ProcessInfo.processInfo.activeProcessorCount,
      kernel: String(kernel.prefix { $0 != "\n" }),
      day: Date.now.formatted(.iso8601.year().month().day()))
  }

  var description: String { "\(processor), \(cores) cores, Linux \(kernel), \(day)" }
}

/// Nanoseconds on the clock that all processes of the machine share (CLOCK_MONOTONIC).
func monotonicNanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// How often a second the disk under a folder takes 4 KiB for good: what a commit of its own can reach at the best.
func measureDiskSync(in folder: String, times: Int = 500) throws -> Double {
  let path = folder + "/sync-probe"
  let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
  guard file >= 0 else { throw BenchmarkError("cannot write \(path): \(String(cString: strerror(errno)))") }
  defer {
    close(file)
    unlink(path)
  }
  let page = [UInt8](repeating: 1, count: 4096)
  let elapsed = ContinuousClock().measure {
    for _ in 0..<times {
      _ = write(file, page, page.count)
      fdatasync(file)
    }
  }
  return Double(times) / elapsed.seconds
}

extension Duration {
  var seconds: Double { self / .seconds(1) }
}

/// A benchmark that could not be carried out.
struct BenchmarkError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}
