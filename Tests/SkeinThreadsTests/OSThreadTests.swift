import SkeinSync
import SkeinTesting
import SkeinThreads
import Testing

@Suite("OSThread", .leavesNoThreads)
struct OSThreadTests {
  @Test("it runs its body once and gives the result to all who join it")
  func smoke() async throws {
    let thread = OSThread(name: "smoke") { 7 * 6 }
    #expect(thread.state == .new && !thread.isAlive && thread.kernelID == nil)
    try thread.start()
    #expect(try await thread.join() == 42)
    #expect(try await onThread { try thread.join() } == 42)
    #expect(thread.state == .terminated && !thread.isAlive)
  }
}
