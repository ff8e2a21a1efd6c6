import Glibc
import SkeinDiagnostics
import SkeinFutures
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

@Suite("Futures and pools in the diagnosis", .leavesNoThreads)
struct FutureDiagnosisTests {
  private func waits(kind: String, at line: UInt) -> [ObservedWait] {
    Diagnostics.snapshot().waits.filter { $0.object.kind == kind && $0.object.place.line == line }
  }

  @Test("who waits for a future is seen behind the thread that does the work")
  func running() async throws {
    let gate = Event()
    let pool = try ThreadPool(threads: 1, name: "seen")
    let line: UInt = #line + 1
    let future = try await pool.submit { try gate.wait() }
    let task = Task(name: "waiting task") { try await future.value }
    let thread = Task { try await onThread { try future.result() } }
    try await eventually("both waits are seen") { waits(kind: "Future", at: line).count == 2 }
    for wait in waits(kind: "Future", at: line) {
      #expect(wait.purpose == "for its result" && wait.object.state == "running")
      guard case .all(let holders) = wait.object.holders else {
        Issue.record("\(wait)")
        continue
      }
      #expect(holders.map(\.party.name) == ["seen-1"])
    }
    gate.set()
    try await task.value
    try await thread.value
    await pool.shutdown()
    #expect(waits(kind: "Future", at: line).isEmpty)
  }

  @Test("stress: what is looked at when nobody else has it any more ends well")
  func lastOwner() async throws {
    let areDone = Event()
    try await withThreads { scope in
      let makers = try (0..<2).map { _ in
        try scope.start {
          for _ in 0..<3000 {
            let promise = Promise<Int>()
            let waiter = try OSThread.start(name: "waiter") { try promise.future.result() }
            sched_yield()
            try promise.succeed(1)
            _ = try waiter.join()
          }
        }
      }
      try scope.start { while !areDone.isSet { _ = WaitSources.observe() } }
      try scope.start {
        for maker in makers { try maker.join() }
        areDone.set()
      }
    }
  }

  @Test("who waits for work that has not begun waits for any worker of the pool")
  func pending() async throws {
    let gate = Event()
    let pool = try ThreadPool(threads: 2, name: "busy")
    for _ in 0..<2 { _ = try await pool.submit { try gate.wait() } }
    let line: UInt = #line + 1
    let future = try await pool.submit { 1 }
    let task = Task { try await future.value }
    try await eventually("the wait is seen with both workers") {
      guard case .any(let holders)? = waits(kind: "Future", at: line).first?.object.holders else {
        return false
      }
      return Set(holders.compactMap(\.party.name)) == ["busy-1", "busy-2"]
    }
    gate.set()
    #expect(try await task.value == 1)
    await pool.shutdown()
  }

  @Test("workers without work, and who waits for room, are seen at the pool")
  func pools() async throws {
    let gate = Event()
    let line: UInt = #line + 1
    let pool = try ThreadPool(threads: 1, queueCapacity: 0, name: "small")
    let job = try await pool.submit { try gate.wait() }
    let blocked = Task { try await pool.submit { 2 }.value }
    try await eventually("the submitter is seen") {
      waits(kind: "ThreadPool", at: line).map(\.purpose) == ["for room in the queue"]
    }
    gate.set()
    try await job.value
    #expect(try await blocked.value == 2)
    try await eventually("the worker is seen") {
      waits(kind: "ThreadPool", at: line).map(\.purpose) == ["for work"]
    }
    await pool.shutdown()
  }

  @Test("two pools whose workers wait for one another are a deadlock, and it is named")
  func deadlock() async {
    await #expect(processExitsWith: .success) {
      let (left, right) = (
        try ThreadPool(threads: 1, name: "left"), try ThreadPool(threads: 1, name: "right")
      )
      let meeting = Barrier(parties: 2)
      _ = try await left.submit {
        try meeting.wait()
        _ = try right.submit { 1 }.result()
      }
      _ = try await right.submit {
        try meeting.wait()
        _ = try left.submit { 2 }.result()
      }
      try await eventually("the deadlock is found") {
        Diagnostics.snapshot().description.contains("Deadlock")
      }
      let text = Diagnostics.snapshot().description
      guard text.contains("“left-1”"), text.contains("“right-1”") else { fatalError(text) }
      // The two workers hang for good: nothing joins them.
      _exit(0)
    }
  }
}
