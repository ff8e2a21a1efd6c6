import SkeinJobs
import SkeinTesting
import Testing

@testable import SkeinDashboard

@Suite("JobTally")
struct JobTallyTests {
  private func outline(_ sequence: Int64, _ state: JobState, queue: String = "q", name: String = "n")
    -> JobOutline
  {
    JobOutline(sequence: sequence, state: state, queue: queue, name: name)
  }

  @Test("counts follow each move, and tell where a job stood before")
  func counts() {
    var tally = JobTally()
    #expect(tally.note(outline(1, .ready)) == nil)
    #expect(tally.note(outline(2, .ready, queue: "other")) == nil)
    #expect(tally.note(outline(1, .running)) == .ready)
    #expect(tally.note(outline(1, .succeeded)) == .running)
    #expect(tally.jobsByQueue == ["q": [.succeeded: 1], "other": [.ready: 1]])
    #expect(tally.jobsByState == [.succeeded: 1, .ready: 1])
    #expect(tally.count == 2)
  }

  @Test("a job that moves to another queue is counted there alone")
  func moves() {
    var tally = JobTally()
    tally.note(outline(1, .ready))
    tally.note(outline(1, .ready, queue: "other"))
    #expect(tally.jobsByQueue == ["other": [.ready: 1]])
  }

  @Test("jobs are found by state, queue and name, the latest first, in whichever order they came to be known")
  func finding() {
    var tally = JobTally()
    for sequence in [5, 1, 4, 2, 3, 6] as [Int64] {
      tally.note(
        outline(
          sequence, sequence % 2 == 0 ? .failed : .ready, queue: sequence < 4 ? "a" : "b",
          name: sequence == 6 ? "x" : "n"))
    }
    var filter = JobTally.Filter()
    #expect(tally.latest(filter, limit: 10) == [6, 5, 4, 3, 2, 1])
    #expect(tally.latest(filter, before: 4, limit: 2) == [3, 2])
    filter.states = [.failed]
    #expect(tally.latest(filter, limit: 10) == [6, 4, 2])
    filter.queue = "b"
    #expect(tally.latest(filter, limit: 10) == [6, 4])
    filter.name = "n"
    #expect(tally.latest(filter, limit: 10) == [4])
    filter.name = "unheard of"
    #expect(tally.latest(filter, limit: 10) == [])
  }

  @Test("any order of changes gives what counting gives", arguments: 0..<20)
  func random(seed: Int) {
    var numbers = SeededGenerator(seed: UInt64(seed))
    var tally = JobTally()
    var model: [Int64: JobOutline] = [:]
    for _ in 0..<400 {
      let job = outline(
        .random(in: 1...60, using: &numbers), .allCases.randomElement(using: &numbers)!,
        queue: ["a", "b", "c"].randomElement(using: &numbers)!,
        name: ["x", "y"].randomElement(using: &numbers)!)
      #expect(tally.note(job) == model[job.sequence]?.state)
      model[job.sequence] = job
    }
    let byQueue = Dictionary(grouping: model.values, by: \.queue).mapValues {
      Dictionary($0.map { ($0.state, 1) }, uniquingKeysWith: +)
    }
    #expect(tally.jobsByQueue == byQueue)
    var filter = JobTally.Filter()
    (filter.states, filter.queue, filter.name) = ([.ready, .failed], "b", "x")
    let wanted = model.values.filter {
      [.ready, .failed].contains($0.state) && $0.queue == "b" && $0.name == "x"
    }
    #expect(tally.latest(filter, limit: 1000) == wanted.map(\.sequence).sorted(by: >))
    #expect(Array(tally.outlines).map(\.sequence) == model.keys.sorted())
  }

  @Test("tens of thousands in any order, and a copy that stays as it was", arguments: 0..<3)
  func many(seed: Int) {
    var numbers = SeededGenerator(seed: UInt64(seed))
    var tally = JobTally()
    let all = (1...20_000).map { Int64($0 * 2) }
    for sequence in seed == 0 ? all : all.shuffled(using: &numbers) { tally.note(outline(sequence, .ready)) }
    let copy = tally
    for sequence in all where sequence % 3 == 0 { tally.note(outline(sequence, .failed)) }
    #expect(tally.outlines.map(\.sequence) == all && tally.count == all.count && tally.last == all.last)
    #expect(copy.jobsByState == [.ready: 20_000])
    #expect(copy.outlines.allSatisfy { $0.state == .ready })
    for _ in 0..<500 {
      let before = Int64.random(in: -1...40_010, using: &numbers)
      #expect(tally.contains(before) == (before % 2 == 0 && (2...40_000).contains(before)))
      let earlier = tally.latest(JobTally.Filter(), before: before, limit: 3)
      #expect(earlier == Array(all[..<max(0, min(20_000, Int(before - 1) / 2))].suffix(3).reversed()))
    }
    var filter = JobTally.Filter()
    filter.states = [.failed]
    #expect(tally.latest(filter, limit: .max) == all.filter { $0 % 3 == 0 }.reversed())
  }

  @Test("a scan takes away what was removed, and keeps what came or moved meanwhile")
  func update() {
    var scanned = JobTally()
    for sequence in [1, 3] as [Int64] { scanned.note(outline(sequence, .ready)) }
    var newer = JobTally()
    for sequence in 1...4 as ClosedRange<Int64> {
      newer.note(outline(sequence, sequence == 3 ? .running : .ready))
    }
    let result = scanned.updated(from: newer)
    #expect(Array(result.outlines).map(\.sequence) == [1, 3, 4])
    #expect(result.jobsByState == [.ready: 2, .running: 1])
  }
}
