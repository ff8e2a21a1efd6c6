import ProcessFunctions
import SkeinProcesses
import SkeinSync
import SkeinTesting
import Testing

@Suite("waitForAny")
struct WaitForAnyTests {
  @Test("of connections and processes, those that are ready are told", arguments: [false, true])
  func mixed(isThread: Bool) async throws {
    @Sendable func ready(_ objects: [any ProcessWaitable], _ timeout: Duration?) async throws -> [Bool] {
      let found: [any ProcessWaitable] =
        isThread
        ? try await onThread { waitForAny(of: objects, timeout: timeout) }
        : try await waitForAny(of: objects, timeout: timeout)
      return objects.map { object in found.contains { $0 === object } }
    }
    let (a, b) = try Connection.makePair()
    let (c, d) = try Connection.makePair()
    let child = try ChildProcess.start(Linger(d), program: program())
    d.close()
    _ = try await c.receive(String.self)
    #expect(try await ready([b, c, child], .zero) == [false, false, false])
    #expect(try await ready([b, c, child], .milliseconds(1)) == [false, false, false])
    try await a.send(1)
    try await a.send(2)
    #expect(try await ready([b, c, child], nil) == [true, false, false])
    // The second one was read with the first.
    #expect(try await b.receive(Int.self) == 1)
    #expect(try await ready([b, c, child], nil) == [true, false, false])
    #expect(try await b.receive(Int.self) == 2)
    child.kill()
    try await child.join()
    #expect(try await ready([b, c, child], nil) == [false, true, true])
  }

  @Test("a cancelled wait ends")
  func cancelling() async throws {
    let (_, b) = try Connection.makePair()
    let (c, d) = try Connection.makePair()
    let hasBegun = Event()
    let waiting = Task {
      hasBegun.set()
      return try await waitForAny(of: [c, d]).count
    }
    try await hasBegun.wait()
    waiting.cancel()
    await #expect(throws: WaitError.cancelled) { try await waiting.value }
    b.close()
  }
}
