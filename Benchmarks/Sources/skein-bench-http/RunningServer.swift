import BenchReport
import Foundation

/// A server while it runs: a process of this one's, and those that it has started.
final class RunningServer {
  let port: Int
  private let process = Process()

  init(_ server: WebServer, threads: Int, root: String, folder: String) throws {
    port = try Self.freePort()
    let command = try server.command(port, threads, root, folder)
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
    try process.run()
    do { try waitUntilItAnswers(log) } catch {
      stop()
      throw error
    }
  }

  private func waitUntilItAnswers(_ log: String) throws {
    for _ in 0..<200 {
      guard process.isRunning else { break }
      if Self.connects(to: port) { return }
      usleep(50_000)
    }
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    throw BenchmarkError("it does not answer: \(text.suffix(300))")
  }

  /// Ends it, and waits until it has ended.
  func stop() {
    // Those that a server has started may stay behind, and hold what this process waits for.
    let family = family
    process.terminate()
    for _ in 0..<100 where process.isRunning { usleep(20_000) }
    for id in family where id != process.processIdentifier || process.isRunning { kill(id, SIGKILL) }
    process.waitUntilExit()
  }

  // MARK: Its processes

  /// The process and those below it.
  private var family: [Int32] {
    var family = [process.processIdentifier]
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
    let parents = all.compactMap { id in Self.statistics(of: id).map { (id, Int32($0[1]) ?? 0) } }
    var index = 0
    while index < family.count {
      family += parents.filter { $0.1 == family[index] }.map(\.0)
      index += 1
    }
    return family
  }

  /// What is behind the name in /proc/ID/stat: the state first.
  private static func statistics(of id: Int32) -> [Substring]? {
    guard let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    return text[text.index(after: end)...].split(separator: " ")
  }

  /// Mebibytes of memory that it holds.
  var residentMemory: Double {
    let pages = family.compactMap { Self.statistics(of: $0).flatMap { Int($0[21]) } }.reduce(0, +)
    return Double(pages) * 4096 / 1_048_576
  }

  /// Seconds of processor time that it has used.
  var processorTime: Double {
    let ticks = family.compactMap { id in
      Self.statistics(of: id).map { (Int($0[11]) ?? 0) + (Int($0[12]) ?? 0) }
    }
    return Double(ticks.reduce(0, +)) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  // MARK: Sockets

  private static func freePort() throws -> Int {
    var port = 0
    _ = withSocket { socket, address in
      address.sin_port = 0
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isBound = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
        }
      }
      port = isBound ? Int(UInt16(bigEndian: address.sin_port)) : 0
      return isBound
    }
    guard port != 0 else { throw BenchmarkError("there is no free port") }
    return port
  }

  private static func connects(to port: Int) -> Bool {
    withSocket { socket, address in
      address.sin_port = UInt16(port).bigEndian
      return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
    }
  }

  private static func withSocket(_ body: (Int32, inout sockaddr_in) -> Bool) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return body(descriptor, &address)
  }
}
