import BenchReport
import Foundation

/// A server while it runs: a process of this one's, and those that it has started.
final class RunningServer {
  let port: Int
  /// Mebibytes of memory that it held after its first answer.
  private(set) var idleMemory = 0.0
  private let process = Process()

  /// Starts a server, and waits until it answers what the case asks for.
  init(_ server: WebServer, for webCase: WebCase, folder: String) throws {
    port = try Loopback.freePort()
    let command = try server.command(port, webCase.threads, folder, folder)
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    process.currentDirectoryURL = URL(filePath: folder)
    var environment = ProcessInfo.processInfo.environment
    if let script = command.dropFirst().first, script.hasSuffix(".py") {
      environment["PYTHONPATH"] = (script as NSString).deletingLastPathComponent
    }
    process.environment = environment
    let log = "\(folder)/\(server.name).log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: log)
    process.standardError = process.standardOutput
    try Children.all.start(process)
    do { try waitUntilItAnswers(webCase.work.path, log) } catch {
      stop()
      throw error
    }
    idleMemory = residentMemory
  }

  private func waitUntilItAnswers(_ path: String, _ log: String) throws {
    for _ in 0..<200 {
      guard process.isRunning else { break }
      switch Loopback.status(of: path, port: port) {
      case nil: usleep(50_000)
      case 200: return
      case let status?: throw BenchmarkError("it answers \(path) with status \(status)")
      }
    }
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    throw BenchmarkError("it does not answer: \(text.suffix(300))")
  }

  /// Ends it, and waits until it has ended.
  func stop() { Children.all.end(process) }

  private var family: ProcessFamily { ProcessFamily(of: process.processIdentifier) }

  /// Mebibytes of memory that it holds.
  var residentMemory: Double { family.residentMemory }

  /// Seconds of processor time that it has used.
  var processorTime: Double { family.processorTime }
}
