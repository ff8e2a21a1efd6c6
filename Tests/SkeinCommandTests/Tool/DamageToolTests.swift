import Foundation
import SkeinTesting
import Testing

@Suite("the tool, with a queue that is damaged", .tags(.slow), .timeLimit(.minutes(5)))
struct DamageToolTests {
  let skein = SkeinProgram()

  private var file: String { skein.directory + "/queue.sqlite" }

  /// Writes over a part of the queue's file.
  private func damage(_ bytes: Range<UInt64>) throws {
    let handle = try FileHandle(forUpdating: URL(filePath: file))
    try handle.seek(toOffset: bytes.lowerBound)
    try handle.write(contentsOf: Data(repeating: 0xff, count: bytes.count))
    try handle.close()
  }

  private func fill() async throws {
    let submitted = try await skein("submit", input: String(repeating: "true\n", count: 1000))
    try #require(submitted.lines.count == 1000, "\(submitted)")
  }

  /// Expects that a verb ends with an error that names the file and says what to do.
  private func expectRefusal(_ arguments: [String]) async throws {
    let run = try await skein.run(arguments)
    #expect(run.code == 2 && run.errors.hasPrefix("error: "), "\(arguments): \(run)")
    #expect(run.errors.contains(file) && run.errors.contains("backup"), "\(arguments): \(run)")
  }

  @Test("the head of the file: every verb says what is wrong and what to do")
  func head() async throws {
    try await fill()
    try damage(0..<100)
    for verb in [
      ["list"], ["show", "1"], ["stats"], ["workers"], ["check"], ["submit", "--", "true"], ["worker"],
      ["cancel", "1"], ["wait", "1"], ["prune"], ["schedule", "list"], ["backup", skein.directory + "/copy"],
    ] {
      try await expectRefusal(verb)
    }
  }

  @Test("its jobs: check names the damage, and what can not be read or stored says so")
  func jobs() async throws {
    try await fill()
    let size = try #require(try FileManager.default.attributesOfItem(atPath: file)[.size] as? UInt64)
    // The last pages have rows and indexes of jobs; the schema is among the first ones.
    try damage(size / 4096 * 3 / 4 * 4096..<size)
    let check = try await skein("check")
    #expect(check.code == 2 && check.output.contains("the file is damaged: "), "\(check)")
    #expect(check.errors.hasPrefix("error: \(file) has "), "\(check)")
    let json = try await skein("check", "--json")
    #expect(json.code == 2 && json.output.contains(#""problems":["the file is damaged: "#), "\(json)")
    for verb in [
      ["list", "--limit", "10000"], ["stats"], ["submit", "--", "true"],
      ["backup", skein.directory + "/copy"],
    ] {
      try await expectRefusal(verb)
    }
  }
}
