import Foundation

/// What the servers are made of, for the report.
struct Versions {
  var places: Places

  private struct Resolved: Decodable {
    struct Pin: Decodable {
      struct State: Decodable { var version: String? }
      var identity: String
      var state: State
    }
    var pins: [Pin]
  }

  /// The version of a package in Swift, from what its peers were built with.
  func swift(_ identity: String) -> String? {
    guard let data = FileManager.default.contents(atPath: places.sources + "/swift/Package.resolved"),
      let resolved = try? JSONDecoder().decode(Resolved.self, from: data)
    else { return nil }
    return resolved.pins.first { $0.identity == identity }?.state.version
  }

  /// The versions of packages in Python, all of which are needed.
  func python(_ names: [String]) -> String? {
    let program = "import importlib.metadata as m; print(*(m.version(name) for name in \(names)))"
    guard let line = firstLine(of: [places.python, "-c", program]) else { return nil }
    let versions = line.split(separator: " ")
    let others = zip(names, versions).dropFirst().map { "\($0) \($1)" }
    return "\(versions[0])" + (others.isEmpty ? "" : " with \(others.joined(separator: " and "))")
  }

  /// "go version go1.19.8 linux/amd64"
  var go: String? {
    let words = firstLine(of: ["/usr/bin/env", "go", "version"])?.split(separator: " ") ?? []
    return words.count > 2 ? String(words[2].dropFirst(2)) : nil
  }

  /// "nginx version: nginx/1.22.1"
  func nginx(_ path: String) -> String? {
    firstLine(of: [path, "-v"])?.split(separator: "/").last.map(String.init)
  }

  /// What a program says first, on whichever stream.
  private func firstLine(of command: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    guard (try? process.run()) != nil else { return nil }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return process.terminationStatus == 0 ? text.split(separator: "\n").first.map(String.init) : nil
  }
}
