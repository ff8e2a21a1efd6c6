import FoundationEssentials
import Glibc
import SkeinJobs
import SystemPackage
import Testing

@testable import SkeinBuiltinJobs

extension Tag {
  /// Takes longer than a quarter of a second.
  @Tag static var slow: Self
}

/// A folder that is there while `body` runs.
func withFolder<Value>(_ body: (TestFolder) async throws -> Value) async throws -> Value {
  let path = FileManager.default.temporaryDirectory.path + "/skein-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(TestFolder(path: path))
}

struct TestFolder {
  let path: String

  /// Writes a file, and the folders above it; gives its path.
  @discardableResult
  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: file.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" },
      withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: file))
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try write(name, text.utf8)
  }

  func link(_ name: String, to target: String) {
    #expect(symlink(target, "\(path)/\(name)") == 0)
  }
}

/// Whether a process is there and no zombie.
func isAlive(_ process: pid_t) -> Bool {
  guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
  let state = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ").first
  return state != "Z" && state != "X"
}

extension JobContext {
  var logText: String { String(decoding: log, as: UTF8.self) }

  /// The whole lines of the log.
  var logLines: [Substring] { logText.split(separator: "\n", omittingEmptySubsequences: false).dropLast() }
}
