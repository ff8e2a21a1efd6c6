internal import Foundation
internal import Glibc

/// The machine that a run was made on.
package struct Machine: Codable, CustomStringConvertible {
  package var processor: String
  package var cores: Int
  package var kernel: String
  package var day: String
  /// How many processes wanted a processor in the minute before.
  package var load: Double

  package static var current: Machine {
    let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = information.split(separator: "\n").first { $0.hasPrefix("model name") }
    let kernel = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? ""
    return Machine(
      processor: model?.split(separator: ":").last.map { String($0.drop { $0 == " " }) }
        ?? "unknown processor",
      cores: ProcessInfo.processInfo.activeProcessorCount,
      kernel: String(kernel.prefix { $0 != "\n" }),
      day: Date.now.formatted(.iso8601.year().month().day()),
      load: Self.load)
  }

  private static var load: Double {
    var averages = [0.0]
    return getloadavg(&averages, 1) == 1 ? averages[0] : 0
  }

  package var description: String {
    let name = "\(processor), \(cores) cores, Linux \(kernel), \(day)"
    return load < 0.5
      ? name : "\(name); busy before the run (load \(load.shortened)), so that figures may be off"
  }
}
