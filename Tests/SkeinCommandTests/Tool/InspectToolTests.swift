import Foundation
import SkeinTesting
import Testing

@Suite("skein inspect", .tags(.slow), .timeLimit(.minutes(5)))
struct InspectToolTests {
  let skein = SkeinProgram()

  @Test("a running worker is listed, and says in every form what it waits for")
  func worker() async throws {
    try await skein.withWorkerProcess { skein, process in
      try await eventually("it can be inspected") { try await skein("inspect", "\(process)").code == 0 }
      let list = try await skein("inspect")
      #expect(list.code == 0 && list.lines.contains("\(process)\tskein"), "\(list)")
      let listed = try await skein("inspect", "--json")
      #expect(listed.lines.contains(#"{"name":"skein","process":\#(process)}"#), "\(listed)")

      let text = try await skein("inspect", "\(process)")
      #expect(text.output.contains("wait") && text.errors == "", "\(text)")
      let json = try await skein("inspect", "\(process)", "--json")
      let graph = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
      #expect(json.lines.count == 1 && (graph?["deadlocks"] as? [Any])?.isEmpty == true, "\(json)")
      let dot = try await skein("inspect", "\(process)", "--dot")
      #expect(dot.output.hasPrefix("digraph") && dot.lines.last == "}", "\(dot)")
    }
  }

  @Test("--watch shows the waits again and again, and ends with the process")
  func watch() async throws {
    var watch: Task<SkeinProgram.Run, any Error>?
    try await skein.withWorkerProcess { skein, process in
      try await eventually("it can be inspected") { try await skein("inspect", "\(process)").code == 0 }
      watch = Task { try await skein("inspect", "\(process)", "--watch", "10ms") }
      #expect(try await skein("submit", "--wait", "--", "true").code == 0)
    }
    let run = try #require(try await watch?.value)
    // On a busy machine the worker may have ended before it was asked for the first time.
    #expect(run.code == 0 && run.output.contains("wait") || run.code == 3, "\(run)")
  }

  @Test("processes that are not there, are no Skein programs, or no numbers are told apart")
  func wrongProcesses() async throws {
    let missing = try await skein("inspect", "4100000")
    #expect(missing.code == 3 && missing.errors.contains("there is no process 4100000"), "\(missing)")
    let stranger = try await skein("inspect", "\(getpid())")
    #expect(stranger.code == 2 && stranger.errors.contains("Diagnostics.start()"), "\(stranger)")
    for wrong in [
      ["nobody"], ["--dot"], ["1", "--dot", "--json"], ["1", "--watch", "soon"], ["--watch", "1s"],
    ] {
      let run = try await skein.run(["inspect"] + wrong)
      #expect(run.code == 64 && run.output == "", "\(wrong): \(run)")
    }
  }
}
