import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

private struct Failure: Error, Equatable {
  let number: Int
}

@Suite("Threads under stress", .leavesNoThreads)
struct ThreadStressTests {
  /// What is done to one thread, with how it must end.
  private static func play(_ number: Int, _ generator: inout SeededGenerator, _ ends: Lock<Int>) throws {
    let fails = Int.random(in: 0..<4, using: &generator) == 0
    let thread = OSThread(isDaemon: Bool.random(using: &generator)) { () throws -> Int in
      ends.withLock { $0 += 1 }
      if fails { throw Failure(number: number) }
      return number
    }
    #expect(throws: ThreadError.notStarted(name: thread.name)) { try thread.join(timeout: .zero) }
    try thread.start()
    #expect(throws: ThreadError.alreadyStarted(name: thread.name)) { try thread.start() }
    if !fails, Bool.random(using: &generator) { return }
    for _ in 0..<Int.random(in: 0..<3, using: &generator) {
      do { #expect(try thread.join(timeout: .nanoseconds(1)) == number) } catch WaitError.timedOut {
      } catch is Failure {}
      _ = thread.state
    }
    do {
      #expect(try thread.join() == number && !fails)
    } catch let error as Failure {
      #expect(error == Failure(number: number) && fails)
    }
    #expect(thread.state == .terminated && !thread.isAlive && thread.waiterCount == 0)
  }

  @Test("threads start, are joined and dropped by several others at once", arguments: [1, 2, 3])
  func startJoinDrop(seed: UInt64) async throws {
    let ends = Lock(0)
    try await onThreads(4) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      for number in 0..<50 { try Self.play(number, &generator, ends) }
    }
    try await eventually("all have run (seed \(seed))") { ends.withLock { $0 } == 200 }
  }

  @Test("many join one thread at the instant at which it ends", arguments: 1...20)
  func joinedAtItsEnd(_: Int) async throws {
    let all = Barrier(parties: 5)
    let thread = try OSThread.start {
      try all.wait()
      return 7
    }
    let tasks = (0..<4).map { _ in Task { try await thread.join() } }
    try await onThreads(4) { _ in
      try all.wait()
      #expect(try thread.join() == 7)
    }
    for task in tasks { #expect(try await task.value == 7) }
  }

  @Test("the lists of threads can be read while threads come and go")
  func lists() async throws {
    try await onThread {
      try withThreads { scope in
        let isOver = Event()
        try scope.start(name: "reader") {
          while !isOver.isSet {
            for info in ThreadInfo.live { #expect(info.state != .new && info.state != .terminated) }
            #expect(ThreadInfo.all.contains { $0.isMain })
          }
        }
        defer { isOver.set() }
        for _ in 0..<100 { try OSThread.start(name: "passer-by") {}.join() }
      }
    }
  }
}
