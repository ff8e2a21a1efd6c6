import CSkein
import Glibc
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

@Suite("ThreadInfo", .leavesNoThreads)
struct ThreadInfoTests {
  @Test("the current thread is the one that calls, with all that is known of it")
  func current() async throws {
    let thread = OSThread(name: "a name that is longer than the kernel's", isDaemon: true) {
      ThreadInfo.current
    }
    try thread.start()
    let info = try await thread.join()
    #expect(info.name == thread.name && info.number == thread.number && info.kernelID == thread.kernelID)
    #expect(info.isDaemon && !info.isMain && info.state == .running)
  }

  @Test("a thread that somebody else made has the kernel's name, and no number")
  func foreign() async throws {
    let (info, isDone) = (Lock<ThreadInfo?>(nil), Event())
    startDetachedThread(name: "foreign") {
      info.withLock { $0 = .current }
      isDone.set()
    }
    try await isDone.wait()
    let seen = try #require(info.withLock { $0 })
    #expect(seen.name == "foreign" && seen.number == nil && seen.state == .running)
    #expect(seen.isDaemon && !seen.isMain)
  }

  @Test("all threads are the main one, those that live, and those of others")
  func all() async throws {
    let gate = Event()
    let threads = try (0..<3).map { index in
      try OSThread.start(name: "listed-\(index)", isDaemon: index == 1) { try gate.wait() }
    }
    startDetachedThread(name: "not-listed") { try? gate.wait() }
    try await eventually("all wait") { gate.waiterCount == 4 && threads.allSatisfy { $0.state == .blocked } }
    // What the system says of a thread that is not Skein's comes a moment after it has begun to wait.
    try await eventually("the other one is asleep") {
      ThreadInfo.all.contains { $0.name == "not-listed" && $0.state == .blocked }
    }

    let live = ThreadInfo.live.filter { $0.name.hasPrefix("listed-") }
    #expect(live.map(\.name) == ["listed-0", "listed-1", "listed-2"])
    #expect(live.map(\.isDaemon) == [false, true, false])
    #expect(live.allSatisfy { $0.state == .blocked })
    #expect(!ThreadInfo.live.contains { $0.name == "not-listed" })

    let all = ThreadInfo.all
    #expect(Set(live).isSubset(of: all))
    #expect(all.contains { $0.name == "not-listed" && $0.number == nil && $0.state == .blocked })
    let main = all.filter(\.isMain)
    #expect(main.count == 1 && main[0].kernelID == UInt32(getpid()) && !main[0].isDaemon)
    #expect(Set(all.map(\.kernelID)).count == all.count)

    gate.set()
    for thread in threads { try await thread.join() }
    #expect(!ThreadInfo.live.contains { $0.name.hasPrefix("listed-") })
    try await eventually("the kernel has let go of them") {
      !ThreadInfo.all.contains { $0.name.hasPrefix("listed-") }
    }
  }

  @Test("a thread that was made and not started is in no list")
  func notStarted() {
    let thread = OSThread(name: "idle") {}
    #expect(!ThreadInfo.live.contains { $0.number == thread.number })
  }

  @Test("a process that may open no more files still tells what is known")
  func noFiles() async {
    await #expect(processExitsWith: .success) {
      let gate = Event()
      let thread = try OSThread.start(name: "waits") { try gate.wait() }
      // It spins for a moment before it sleeps.
      while thread.state != .blocked { sched_yield() }
      var limit = rlimit(rlim_cur: 0, rlim_max: 0)
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      limit.rlim_cur = 0
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      precondition(thread.state == .blocked)
      precondition(ThreadInfo.all.map(\.name) == ["waits"])
      gate.set()
      try await thread.join()
    }
  }
}
