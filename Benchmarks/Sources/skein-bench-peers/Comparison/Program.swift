import BenchReport
import Foundation
import Subprocess
import SystemPackage

extension System {
  /// What it is made of, for the report.
  func version() async throws -> String {
    let (output, trouble) = try await output(of: ["version"], limit: 30)
    if let trouble { throw BenchmarkError(trouble) }
    return output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Measures some cases, each for so many seconds; those that it does not have are left out. Says what was wrong when
  /// the program did not come to its end.
  func measure(
    _ names: [String], seconds: Double
  ) async throws -> (answers: [Answer], trouble: String?) {
    let limit = 30 + Int(10 * seconds) * names.count
    let (output, trouble) = try await output(of: ["\(seconds)"] + names, limit: limit)
    let lines = output.split(separator: "\n")
    return (try lines.map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }, trouble)
  }

  /// Runs the program, which is ended after `limit` seconds.
  private func output(
    of arguments: [String], limit: Int
  ) async throws -> (output: String, trouble: String?) {
    let result = try await run(
      .name("timeout"), arguments: Arguments(["--kill-after=1", "\(limit)"] + command + arguments),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    switch result.terminationStatus {
    case .exited(0): return (result.standardOutput, nil)
    case .exited(124): return (result.standardOutput, "took more than \(limit) s")
    case let status: return (result.standardOutput, "failed (\(status)): \(result.standardError.prefix(500))")
    }
  }
}
