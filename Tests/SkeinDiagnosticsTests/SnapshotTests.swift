import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinDiagnostics

@Suite("Snapshot")
struct SnapshotTests {
  /// A look that gives what is prepared, the last one again and again, and counts.
  private final class Looks: @unchecked Sendable {
    // Used by one test on one thread.
    var prepared: [[ObservedWait]]
    var count = 0
    var naps = 0

    init(_ prepared: [[ObservedWait]]) { self.prepared = prepared }

    func look() -> (waits: [ObservedWait], busySources: Int) {
      defer { count += 1 }
      return (prepared[min(count, prepared.count - 1)], 0)
    }

    func take() -> WaitGraph {
      SnapshotTaker(clock: MonotonicClock(), observe: look, nap: { _ in self.naps += 1 }).take()
    }
  }

  private func circle(age: Duration) -> [ObservedWait] {
    var scene = Scene()
    scene.wait(Scene.thread(1), for: 10, heldBy: [Scene.thread(2)])
    scene.wait(Scene.thread(2), for: 20, heldBy: [Scene.thread(1)])
    let since = MonotonicClock().now.advanced(by: .zero - age)
    for index in scene.waits.indices { scene.waits[index].since = since }
    return scene.waits
  }

  @Test("an old circle is certain after a second look")
  func old() {
    let looks = Looks([circle(age: .seconds(5))])
    #expect(looks.take().deadlocks.map(\.certainty) == [.certain])
    #expect(looks.count == 2)
    #expect(looks.naps == 0)
  }

  @Test("a circle that is gone at the second look was an accident of looking")
  func accident() {
    let looks = Looks([circle(age: .seconds(5)), [], []])
    #expect(looks.take().deadlocks.isEmpty)
    #expect(looks.naps == 1)
  }

  @Test("a circle whose waits keep beginning anew is never certain")
  func young() {
    let looks = Looks([circle(age: .seconds(-60))])
    #expect(looks.take().deadlocks.map(\.certainty) == [.likely])
    #expect(looks.naps == 2)
  }

  @Test("without a circle one look suffices")
  func quiet() {
    let looks = Looks([[]])
    #expect(looks.take().waits.isEmpty)
    #expect(looks.count == 1)
  }

  @Test("a thread and a task that wait are found with name, place and state")
  func live() async throws {
    let semaphore = Semaphore(permits: 0, name: "snapshot-permits")
    let line: UInt = #line + 1
    let task = Task(name: "snapshot-task") { try await semaphore.acquire(2) }
    let thread = Task { try await onThread { try semaphore.acquire() } }
    var waits: [ObservedWait] = []
    try await eventually("both waits are seen") {
      waits = Diagnostics.snapshot().waits.filter { $0.object.name == "snapshot-permits" }
      return waits.count == 2
    }
    #expect(Set(waits.map(\.party.kind)) == [.thread, .task])
    let wait = try #require(waits.first { $0.party.kind == .task })
    #expect(wait.party.name == "snapshot-task")
    #expect(wait.purpose == "for 2 permits")
    #expect(wait.place.line == line)
    #expect(wait.object.state == "0 permits free")
    #expect(waits.first { $0.party.kind == .thread }?.party.name == "skein-test")
    semaphore.release(3)
    try await task.value
    try await thread.value
    #expect(!Diagnostics.snapshot().waits.contains { $0.object.name == "snapshot-permits" })
  }
}
