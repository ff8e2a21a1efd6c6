import BenchReport
import Foundation

/// What one run of wrk found.
struct WebFigures: Codable {
  /// Requests a second.
  var rate: Double
  /// Milliseconds.
  var p50: Double
  var p99: Double
  var p999: Double
  /// Answers that were none, or no success.
  var errors: Int
  /// Microseconds of processor time a request.
  var processorTime: Double
  /// Mebibytes of the server's memory: before these connections, and with them.
  var idleMemory: Double
  var memory: Double
}

/// wrk, with one thread.
struct Wrk {
  static let path = "/usr/bin/wrk"

  var seconds: Double

  private static let script = """
    done = function(summary, latency, requests)
      local e = summary.errors
      io.write(string.format("skein %d %d %d %d %d %d\\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
        e.connect + e.read + e.write + e.status + e.timeout))
    end
    """

  func run(_ webCase: WebCase, on server: RunningServer, folder: String) throws -> WebFigures {
    let seconds = webCase.seconds(seconds)
    let script = "\(folder)/report.lua"
    try Self.script.write(toFile: script, atomically: true, encoding: .utf8)
    let before = server.processorTime
    let process = Process()
    process.executableURL = URL(filePath: Self.path)
    process.arguments =
      [
        "-t1", "-c\(webCase.connections)", "-d\(max(1, Int(seconds.rounded())))s", "--timeout", "10s", "-s",
        script,
      ]
      + (webCase.work == .closing ? ["-H", "Connection: close"] : [])
      + ["http://127.0.0.1:\(server.port)\(webCase.work.path)"]
    let output = Pipe()
    process.standardOutput = output
    try Children.all.start(process)
    defer { Children.all.end(process) }
    // While the connections are there: close to the end.
    usleep(UInt32(seconds * 800_000))
    let memory = server.residentMemory
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("skein ") }) else {
      throw BenchmarkError("wrk has failed: \(text.suffix(300))")
    }
    let numbers = line.split(separator: " ").dropFirst().compactMap { Double($0) }
    let time = server.processorTime - before
    return WebFigures(
      rate: numbers[0] / numbers[1] * 1_000_000, p50: numbers[2] / 1000, p99: numbers[3] / 1000,
      p999: numbers[4] / 1000, errors: Int(numbers[5]), processorTime: time / max(1, numbers[0]) * 1_000_000,
      idleMemory: server.idleMemory, memory: memory)
  }
}
