import SkeinDiagnostics
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

@Suite("Threads in the diagnosis", .leavesNoThreads)
struct ThreadDiagnosisTests {
  @Test("who joins a thread is seen waiting for it, threads and tasks")
  func waits() async throws {
    let gate = Event()
    let line: UInt = #line + 1
    let thread = try OSThread.start(name: "joined one") { try gate.wait() }
    let other = try OSThread.start(name: "joins") { try thread.join() }
    let task = Task(name: "joining task") { try await thread.join() }
    var waits: [ObservedWait] = []
    try await eventually("both waits are seen") {
      waits = Diagnostics.snapshot().waits.filter { $0.object.name == "joined one" }
      return waits.count == 2
    }
    let id = UInt64(try #require(thread.kernelID))
    for wait in waits {
      #expect(wait.object.kind == "OSThread" && wait.object.place.line == line)
      #expect(wait.purpose == "for its end" && wait.object.state == "not ended" && !wait.isTimed)
      guard case .all(let holders) = wait.object.holders else {
        Issue.record("\(wait)")
        continue
      }
      #expect(holders.map(\.party) == [Party(kind: .thread, id: id)])
    }
    #expect(Set(waits.compactMap(\.party.name)) == ["joins", "joining task"])
    gate.set()
    try await other.join()
    try await task.value
    #expect(!Diagnostics.snapshot().waits.contains { $0.object.name == "joined one" })
  }

  @Test("threads that join one another are a deadlock, and it is named")
  func deadlock() async {
    await #expect(processExitsWith: .success) {
      let handles = Lock<[OSThread<Void>]>([])
      let bothAreThere = Event()
      for (name, other) in [("ping", 1), ("pong", 0)] {
        let thread = try OSThread.start(name: name, isDaemon: true) {
          try bothAreThere.wait()
          let thread = handles.withLock { $0[other] }
          try thread.join()
        }
        handles.withLock { $0.append(thread) }
      }
      bothAreThere.set()
      var found: Deadlock?
      try await eventually("it is found") {
        found = Diagnostics.snapshot().deadlocks.first { $0.certainty == .certain }
        return found != nil
      }
      precondition(Set(found!.parties.compactMap(\.name)) == ["ping", "pong"], "\(found!)")
      precondition(found!.objects.map(\.kind) == ["OSThread", "OSThread"], "\(found!)")
    }
  }

  @Test("a thread that holds a lock and joins another one that wants it is a deadlock too")
  func deadlockOverLock() async {
    await #expect(processExitsWith: .success) {
      let account = Lock(0, name: "account")
      _ = try OSThread.start(name: "holder", isDaemon: true) {
        try account.withLock { _ in
          try OSThread.start(name: "wants it") { account.withLock { $0 += 1 } }.join()
        }
      }
      var found: Deadlock?
      try await eventually("it is found") {
        found = Diagnostics.snapshot().deadlocks.first { $0.certainty == .certain }
        return found != nil
      }
      precondition(Set(found!.objects.map(\.name)) == ["account", "wants it"], "\(found!)")
    }
  }
}
