import SkeinSync
import SkeinTesting
import SkeinThreads
import Testing

private struct Failure: Error, Equatable {}

@Suite("withThreadLeakCheck")
struct ThreadLeakCheckTests {
  @Test("it gives what the body returns or throws")
  func outcome() async throws {
    #expect(try await withThreadLeakCheck { 42 } == 42)
    await #expect(throws: Failure()) { try await withThreadLeakCheck { throw Failure() } }
  }

  @Test("threads that end are no leak, though they end after the body")
  func ends() async throws {
    let gate = Event()
    try await withThreadLeakCheck {
      _ = try OSThread.start(name: "late") { try gate.wait() }
      Task.detached { gate.set() }
    }
  }

  @Test("it names those that have not ended, whoever made them, in the order of their making")
  func leak() async throws {
    let gate = Event()
    let error = await #expect(throws: ThreadLeakError.self) {
      try await withThreadLeakCheck(limit: .milliseconds(5)) {
        let parent = try OSThread.start(name: "parent") {
          _ = try OSThread.start(name: "grandchild") { try gate.wait() }
        }
        try await parent.join()
        _ = try OSThread.start(name: "child") { try gate.wait() }
        _ = OSThread(name: "never started") {}
      }
    }
    #expect(error?.threadNames == ["grandchild", "child"])
    #expect(error?.description.contains("“grandchild”, “child”") == true)
    gate.set()
  }

  @Test("threads that others make meanwhile do not count")
  func others() async throws {
    let gate = Event()
    try await withThreadLeakCheck(limit: .milliseconds(5)) {
      let other = Task.detached { try OSThread.start { try gate.wait() } }
      _ = try await other.value
    }
    gate.set()
  }
}
