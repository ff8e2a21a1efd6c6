import SkeinTesting
import Testing

@testable import SkeinProcesses

@Suite("DispatchPlan")
struct DispatchPlanTests {
  private func plan(workers: Int, tasks: Range<UInt64>) -> DispatchPlan {
    var plan = DispatchPlan(workers: workers)
    for number in tasks { plan.add(number) }
    return plan
  }

  private func give(_ plan: inout DispatchPlan) -> [[UInt64]] {
    var given: [[UInt64]] = [[], []]
    while let (worker, number) = plan.next() { given[worker].append(number) }
    return given
  }

  @Test("tasks go in their order to who has least to do, so many each")
  func giving() {
    var plan = plan(workers: 2, tasks: 1..<6)
    #expect(give(&plan) == [[1, 3], [2, 4]])
    #expect(!plan.canGive)
    plan.finish(2, of: 1, after: 1_000_000)
    plan.finish(4, of: 1, after: 1_000_000)
    #expect(plan.canGive)
    #expect(give(&plan) == [[], [5]])
  }

  @Test("what a dead worker had not begun goes first to the others, and what it had is told")
  func death() {
    var plan = plan(workers: 2, tasks: 1..<6)
    _ = give(&plan)
    #expect(plan.died(0, untouchedCount: 1) == [1])
    #expect(give(&plan) == [[3, 5], []], "the one in its place has room")
    #expect(plan.died(1, untouchedCount: 2) == [])
    plan.retry(1)
    #expect(give(&plan) == [[], [1, 2]])
    #expect(plan.died(0, untouchedCount: 0) == [3, 5])
  }

  @Test("what had no room waits, and its worker gets nothing before it has answered")
  func room() {
    var plan = plan(workers: 1, tasks: 1..<4)
    #expect(plan.next()?.number == 1 && plan.next()?.number == 2)
    plan.putBack(2, of: 0)
    #expect(!plan.canGive && plan.next() == nil)
    plan.finish(1, of: 0, after: 1_000_000)
    #expect(plan.next()?.number == 2)
    #expect(plan.takeWaiting().map(\.self) == [3] && !plan.canGive)
  }

  @Test("short tasks are given ahead, so many as are done in half a millisecond")
  func depth() {
    var plan = plan(workers: 1, tasks: 1..<100)
    var count = 0
    func given() -> Int {
      while plan.next() != nil { count += 1 }
      return count
    }
    #expect(given() == 2)
    for number in 1...60 as ClosedRange<UInt64> {
      plan.finish(number, of: 0, after: 100_000)
      _ = given()
    }
    #expect(count == 60 + 4, "four of 100 µs, or a little more")
    for number in 61...90 as ClosedRange<UInt64> {
      plan.finish(number, of: 0, after: 5_000_000)
      _ = given()
    }
    #expect(count == 92)
  }

  @Test("whatever happens, each task is answered once", arguments: 0..<30 as Range<UInt64>)
  func random(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var plan = plan(workers: 3, tasks: 0..<100)
    var lines: [[UInt64]] = [[], [], []]
    var done: [UInt64] = []
    while done.count < 100 {
      if let (worker, number) = plan.next() {
        if Int.random(in: 0..<5, using: &random) == 0, !lines[worker].isEmpty {
          plan.putBack(number, of: worker)
        } else {
          lines[worker].append(number)
        }
      }
      let worker = Int.random(in: 0..<3, using: &random)
      guard !lines[worker].isEmpty else { continue }
      if Int.random(in: 0..<4, using: &random) == 0 {
        // It dies: before it took its first task, or with that.
        let untouched = lines[worker].count - Int.random(in: 0...1, using: &random)
        let begun = plan.died(worker, untouchedCount: untouched)
        #expect(begun == Array(lines[worker].dropLast(untouched)))
        for number in begun { plan.retry(number) }
        lines[worker] = []
      } else {
        done.append(lines[worker].removeFirst())
        plan.finish(done.last!, of: worker, after: Int64.random(in: 0..<1_000_000, using: &random))
      }
    }
    #expect(done.sorted() == Array(0..<100) && !plan.canGive)
  }
}
