import Testing

@testable import SkeinJobs

@Suite("LimitGate")
struct LimitGateTests {
  private static let second: Int64 = 1_000_000

  private func gate(_ limit: JobLimit, running: Int = 0, earliest: Int64 = 0, now: Int64 = 0) -> LimitGate {
    LimitGate(limit, running: running, earliest: earliest, now: now)
  }

  @Test("a concurrency leaves room for what does not run", arguments: [(0, 3), (2, 1), (3, 0), (5, 0)])
  func concurrency(running: Int, room: Int) {
    #expect(gate(JobLimit(.key("k"), concurrency: 3), running: running).room(now: 0) == room)
  }

  @Test("a limit that was taken away leaves any room")
  func none() {
    #expect(LimitGate(nil, running: 99, earliest: .max, now: 5).room(now: 5) == .max)
  }

  @Test("in no span of a rate start more than its number and its burst", arguments: 1...6)
  func rate(burst: Int) {
    let limit = JobLimit(.key("k"), rate: .init(6, per: .seconds(6), burst: burst))
    var gate = gate(limit)
    var starts: [Int64] = []
    for now in stride(from: Int64(0), to: 40 * Self.second, by: 50_000) {
      // A while without any, which saves up no more than the burst.
      guard now < 10 * Self.second || now > 20 * Self.second else { continue }
      while gate.room(now: now) > 0 {
        gate.start(now: now)
        starts.append(now)
      }
    }
    for start in starts {
      let inSpan = starts.count { $0 >= start && $0 < start + 6 * Self.second }
      #expect(inSpan <= 6 + burst - 1)
    }
    // The rate is used up: ten seconds, and twenty.
    #expect(starts.count >= 30 && starts.count <= 30 + 2 * burst)
  }

  @Test("it tells exactly when there is room again")
  func opening() {
    var gate = gate(JobLimit(.key("k"), rate: .init(2, per: .seconds(1), burst: 2)))
    #expect(gate.opening(now: 0) == nil)
    gate.start(now: 0)
    gate.start(now: 0)
    let opening = gate.opening(now: 0)
    #expect(opening == Self.second / 2)
    #expect(gate.room(now: opening! - 1) == 0)
    #expect(gate.room(now: opening!) == 1)
  }

  @Test("a clock that was ahead when a start was noted holds nothing up for longer than the burst")
  func clock() {
    let limit = JobLimit(.key("k"), rate: .init(1, per: .seconds(1)))
    let gate = gate(limit, earliest: 1_000_000 * Self.second, now: 0)
    #expect(gate.opening(now: 0) == Self.second)
  }

  @Test("the longest text that fits decides, and an exact one before all")
  func definitions() {
    let limits = ["*", "a*", "ab*", "ab"].enumerated().map { JobLimit(.key($1), concurrency: $0 + 1) }
    let definitions = LimitDefinitions(version: 1, limits + [JobLimit(.name("ab"), concurrency: 9)])
    let found = ["x", "a", "abc", "ab"].map { definitions.limit(of: .key($0))?.concurrency }
    #expect(found == [1, 2, 3, 4])
    #expect(definitions.limit(of: .name("ab"))?.concurrency == 9)
    #expect(definitions.subjects(name: "none", key: nil).isEmpty)
    #expect(definitions.subjects(name: "ab", key: "x") == [.name("ab"), .key("x")])
  }

  @Test(
    "a limit that makes no sense is an error that says why",
    arguments: [
      (JobLimit(.key(""), concurrency: 1), "1 to 500 bytes"), (JobLimit(.key("k")), "limits nothing"),
      (JobLimit(.key("k"), concurrency: 0), "pause their queue"),
      (JobLimit(.key("k"), rate: .init(0, per: .seconds(1))), "a rate of 0"),
      (JobLimit(.key("k"), rate: .init(1, per: .zero)), "span"),
      (JobLimit(.key("k"), rate: .init(5, per: .seconds(1), burst: 6)), "burst of 6"),
      (JobLimit(.key("k"), rate: .init(5, per: .microseconds(1))), "limits nothing"),
    ])
  func invalid(limit: JobLimit, part: String) {
    let error = #expect(throws: JobQueueError.self) { try limit.validate() }
    #expect(
      error?.code == .invalidInput && error?.message.contains(part) == true, "\(String(describing: error))")
  }
}
