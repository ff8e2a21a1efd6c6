import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

@testable import SkeinFutures

@Suite("WorkDeque", .leavesNoThreads)
struct WorkDequeTests {
  private func job(_ number: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: number + 1)!
  }
  private func number(_ job: UnsafeMutableRawPointer?) -> Int? { job.map { Int(bitPattern: $0) - 1 } }

  @Test("the owner takes what it put last, a thief what was put first")
  func ends() {
    let deque = WorkDeque()
    #expect(deque.isEmpty && deque.pop() == nil && deque.steal() == nil)
    for index in 0..<4 { #expect(deque.push(job(index))) }
    #expect(number(deque.pop()) == 3 && number(deque.steal()) == 0)
    #expect(number(deque.steal()) == 1 && number(deque.pop()) == 2)
    #expect(deque.isEmpty && deque.pop() == nil && deque.steal() == nil)
  }

  @Test("it takes as many as it has room for, again and again")
  func capacity() {
    let deque = WorkDeque()
    for _ in 0..<3 {
      var count = 0
      while deque.push(job(count)) { count += 1 }
      #expect(count == 4096)
      for index in 0..<count / 2 { #expect(number(deque.steal()) == index) }
      for index in stride(from: count - 1, through: count / 2, by: -1) {
        #expect(number(deque.pop()) == index)
      }
    }
  }

  @Test("stress: with an owner and two thieves, each job is taken once", arguments: [1, 2] as [UInt64])
  func stress(seed: UInt64) async throws {
    let deque = WorkDeque()
    let (total, isOver) = (3000, Event())
    let taken = Lock([Int](repeating: 0, count: total))
    @Sendable func note(_ job: UnsafeMutableRawPointer?) {
      if let job { taken.withLock { $0[Int(bitPattern: job) - 1] += 1 } }
    }
    try await withThreads { scope in
      for _ in 0..<2 { try scope.start { while !isOver.isSet { note(deque.steal()) } } }
      try scope.start {
        var generator = SeededGenerator(seed: seed)
        var next = 0
        while next < total {
          for _ in 0..<Int.random(in: 1...8, using: &generator) where next < total {
            if deque.push(UnsafeMutableRawPointer(bitPattern: next + 1)!) { next += 1 }
          }
          for _ in 0..<Int.random(in: 0...8, using: &generator) { note(deque.pop()) }
        }
        while let job = deque.pop() { note(job) }
        isOver.set()
      }
    }
    #expect(taken.withLock { $0.allSatisfy { $0 == 1 } }, "seed \(seed)")
  }
}
