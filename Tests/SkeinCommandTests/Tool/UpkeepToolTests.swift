import Foundation
import SkeinTesting
import Testing

@Suite("the tool keeps a queue in order", .tags(.slow), .timeLimit(.minutes(5)))
struct UpkeepToolTests {
  let skein = SkeinProgram()

  @Test("a queue that is paused holds its jobs back, through restarts, until it is resumed")
  func pausing() async throws {
    let pause = try await skein("pause", "mail", "print")
    #expect(pause.output == "queue mail is paused\nqueue print is paused\n", "\(pause)")
    _ = try await skein("submit", "--queue", "mail", "--", "true")
    try await skein.withWorker { skein in
      #expect(try await skein("submit", "--wait", "--", "true").code == 0)
      #expect(try await skein("list", "--queue", "mail").lines[0].hasPrefix("1\tready\t"))
      let resume = try await skein("resume", "mail", "--json")
      #expect(resume.lines == [#"{"isPaused":false,"queue":"mail"}"#], "\(resume)")
      #expect(try await skein("wait", "1", "--timeout", "60s").code == 0)
    }
  }

  @Test("purge removes what has not started, or what is in the states named")
  func purging() async throws {
    for queue in ["mail", "mail", "other"] { _ = try await skein("submit", "--queue", queue, "--", "true") }
    _ = try await skein("cancel", "1")
    #expect(try await skein("purge", "mail").output == "1 job was removed\n")
    #expect(try await skein("purge", "mail", "--state", "cancelled", "--json").lines == [#"{"removed":1}"#])
    #expect(try await skein("list").lines.count == 1)
    let running = try await skein("purge", "mail", "--state", "running")
    #expect(running.code == 64 && running.errors.contains("'cancel' ends them"), "\(running)")
  }

  @Test("prune removes what has been kept for long enough, and workers do so by their options")
  func pruning() async throws {
    for _ in 0..<3 { _ = try await skein("submit", "--", "true") }
    for job in ["1", "2"] { _ = try await skein("cancel", job) }
    #expect(try await skein("prune").output == "0 jobs were removed\n")
    #expect(try await skein("prune", "--keep-failed", "0s").output == "2 jobs were removed\n")
    try await skein.withWorker("--keep", "0s", "--keep-failed", "forever") { skein in
      try await eventually("the third one has been done, and removed") {
        try await skein("list").lines.isEmpty
      }
    }
    let wrong = try await skein("worker", "--keep", "always")
    #expect(wrong.code == 64 && wrong.errors.contains("is no duration"), "\(wrong)")
  }

  @Test("workers are listed with what they hold; one that is alive is evicted by force alone")
  func evicting() async throws {
    _ = try await skein("submit", "--", "sleep", "600")
    let worker = try await skein.withWorkerProcess(["--name", "w", "--concurrency", "3"]) { skein, process in
      try await skein.untilRunning()
      let fields = try await skein("workers").lines[0].split(separator: "\t").map(String.init)
      #expect(fields[0...4] == ["1", "w", "alive", "3", "\(process)"] && fields[6...7] == ["all", "1"])
      let json = try await skein("workers", "--json")
      #expect(json.output.contains(#""jobs":[1]"#) && json.output.contains(#""state":"alive""#), "\(json)")
      #expect(try await skein("evict", "9").code == 3)
      let refused = try await skein("evict", "1")
      #expect(refused.code == 1 && refused.errors.contains("--force"), "\(refused)")
      let evicted = try await skein("evict", "1", "--force")
      #expect(evicted.output == "worker 1 is evicted; 1 job is taken from it\n", "\(evicted)")
      #expect(try await skein("list").lines[0].hasPrefix("1\tready\t"))
    }
    #expect(
      worker.code == 1 && worker.errors.contains("error: worker 1 was taken for dead, or evicted"),
      "\(worker)")
    #expect(try await skein("workers").output == "")
  }

  @Test("all jobs that have failed are retried at once, of one queue or name")
  func retryingFailed() async throws {
    let flag = skein.directory + "-flag"
    defer { try? FileManager.default.removeItem(atPath: flag) }
    try await skein.withWorker { skein in
      for queue in ["a", "a", "b"] {
        _ = try await skein("submit", "--wait", "--queue", queue, "--", "test", "-e", flag)
      }
      _ = FileManager.default.createFile(atPath: flag, contents: nil)
      #expect(try await skein("retry", "--failed", "--queue", "a").lines.count == 2)
      #expect(try await skein("wait", "1", "2", "--timeout", "60s").code == 0)
      #expect(try await skein("retry", "--failed").output == "job 3 is ready again\n")
      #expect(try await skein("retry", "--failed", "--name", "nothing").output == "")
    }
    for wrong in [[], ["1", "--failed"], ["1", "--queue", "a"]] {
      #expect(try await skein.run(["retry"] + wrong).code == 64)
    }
  }

  @Test("a backup can be used as a queue; a check says that it is sound, or what is wrong")
  func backupAndCheck() async throws {
    _ = try await skein("submit", "--", "echo", "kept")
    let copy = skein.directory + "-copy"
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    let backup = try await skein("backup", copy + "/queue.sqlite")
    #expect(backup.code == 0 && backup.output.contains(" bytes"), "\(backup)")
    let again = try await skein("backup", copy + "/queue.sqlite")
    #expect(again.code == 64 && again.errors.contains("replaces nothing"), "\(again)")
    let list = try await skein("list", "--data-dir", copy)
    #expect(list.output.contains("echo kept"), "\(list)")
    let check = try await skein("check", "--data-dir", copy)
    #expect(check.code == 0 && check.output.hasSuffix("is sound\n"), "\(check)")
    #expect(try await skein("check", "--json", "--data-dir", copy).output.contains(#""problems":[]"#))
  }
}
