import Testing

@testable import SkeinFutures

@Suite("Sizes of pools")
struct PoolSizingTests {
  @Test("the rule of thumb is the chapter's: n, min(32, 5n), min(16, 2n)")
  func ruleOfThumb() throws {
    for count in [1, 2, 3, 6, 7, 8, 9, 64, .max] {
      let sizes = try Workload.allCases.map { try PoolSizing.ruleOfThumb(for: $0, processors: count) }
      let (product, double) = count > 1000 ? (count, count) : (5 * count, 2 * count)
      #expect(sizes == [count, min(32, product), min(16, double)], "\(count)")
    }
    #expect(throws: PoolSizingError.invalidProcessors(0)) {
      try PoolSizing.ruleOfThumb(for: .mixed, processors: 0)
    }
    #expect(try PoolSizing.ruleOfThumb(for: .cpuBound) == AvailableProcessors.current.count)
  }

  private static func times(_ wall: Int, _ compute: Int, queued: Int = 0) throws -> JobTimes {
    try JobTimes(
      wall: .milliseconds(wall), compute: .milliseconds(compute), queued: .milliseconds(queued))
  }

  @Test("threads = processors × utilisation × (1 + wait / compute)")
  func formula() throws {
    func threads(_ times: JobTimes, _ processors: Int, _ utilisation: Double = 1) throws -> Int {
      try PoolSizing.recommendation(for: times, processors: processors, utilisation: utilisation).threads
    }
    #expect(try threads(Self.times(100, 100), 4) == 4)
    #expect(try threads(Self.times(100, 50), 4) == 8)
    #expect(try threads(Self.times(100, 10), 2) == 20)
    #expect(try threads(Self.times(100, 10), 2, 0.5) == 10)
    #expect(try threads(Self.times(100, 100), 4, 0.1) == 1)
    // What it queued for a processor is no wait of its own: 50 of 100 were queued, 25 waited.
    #expect(try threads(Self.times(100, 25, queued: 50), 4) == 8)
  }

  @Test("bounds hold, and the sentence says so")
  func bounds() throws {
    let idle = try PoolSizing.recommendation(for: Self.times(100, 0), processors: 2)
    #expect(idle.threads == 256 && idle.isBounded && idle.unbounded == .infinity)
    #expect(
      "\(idle)" == """
        256 threads: the job waits and does not compute, so that none suffices to keep 2 processors at work; \
        bounded by 256: where many jobs wait at once, tasks cost less than threads
        """)
    let few = try PoolSizing.recommendation(for: Self.times(100, 100), processors: 1, within: 3...8)
    #expect(
      "\(few)" == """
        3 threads: for each second that it computes, the job waits 0 s, so that it takes 1 to keep 1 processor at work; \
        no less than 3 were asked for
        """)
    let plain = try PoolSizing.recommendation(for: Self.times(100, 40), processors: 2, utilisation: 0.9)
    #expect(!plain.isBounded)
    #expect(
      "\(plain)" == """
        5 threads: for each second that it computes, the job waits 1.5 s, so that it takes 4.5 to keep 2 processors at work \
        for 90 % of their time
        """)
  }

  @Test("numbers out of their range are refused, each with its name")
  func wrongNumbers() throws {
    let times = try Self.times(100, 50)
    for utilisation in [0, -1, 1.01, .nan, .infinity] as [Double] {
      #expect {
        try PoolSizing.recommendation(for: times, processors: 2, utilisation: utilisation)
      } throws: { error in
        if case PoolSizingError.invalidUtilisation = error { true } else { false }
      }
    }
    #expect(throws: PoolSizingError.invalidProcessors(-1)) {
      try PoolSizing.recommendation(for: times, processors: -1)
    }
    #expect(throws: PoolSizingError.invalidBounds(0...3)) {
      try PoolSizing.recommendation(for: times, within: 0...3)
    }
  }

  @Test("a job's kind is told by the part of its time that it waits")
  func workloads() throws {
    #expect(
      [0, 0.1, 0.11, 0.5, 0.89, 0.9, 1].map { Workload(waitShare: $0) } == [
        .cpuBound, .cpuBound, .mixed, .mixed, .mixed, .ioBound, .ioBound,
      ])
    #expect(try Self.times(100, 3, queued: 90).workload == .mixed)
  }
}

@Suite("Times of a job")
struct JobTimesTests {
  private struct Failed: Error {}

  @Test("ready figures are taken, and what does not fit is refused")
  func figures() throws {
    let times = try JobTimes(wall: .seconds(10), compute: .seconds(2), queued: .seconds(3))
    #expect(times.waiting == .seconds(5) && times.waitPerCompute == 2.5)
    #expect(abs(times.waitShare - 5.0 / 7) < 1e-12)
    #expect(throws: PoolSizingError.negativeTime("compute", .seconds(-1))) {
      try JobTimes(wall: .seconds(1), compute: .seconds(-1))
    }
    #expect(throws: PoolSizingError.noTime) { try JobTimes(wall: .zero, compute: .zero) }
    #expect(throws: PoolSizingError.moreThanWall(compute: .seconds(2), wall: .seconds(1))) {
      try JobTimes(wall: .seconds(1), compute: .seconds(2))
    }
    // Clocks differ by a little.
    let near = try JobTimes(wall: .seconds(1), compute: .milliseconds(1005), queued: .milliseconds(3))
    #expect(near.compute == .seconds(1) && near.queued == .zero && near.waitShare == 0)
  }

  @Test("all runs count but those that warm up, by what was read before and after them")
  func sampling() throws {
    var readings = [
      ThreadReading(wall: .seconds(100), compute: .seconds(7), queued: .seconds(1)),
      ThreadReading(wall: .seconds(110), compute: .seconds(9), queued: .seconds(4)),
    ]
    var calls = 0
    let times = try JobTimes.sample(runs: 3, warmUp: 2, reading: { readings.removeFirst() }) { calls += 1 }
    #expect(calls == 5 && times.wall == .seconds(10) && times.compute == .seconds(2))
    #expect(times.queued == .seconds(3) && times.waiting == .seconds(5))
  }

  @Test("a job that does nothing has times all the same")
  func nothing() throws {
    let same = ThreadReading(wall: .seconds(1), compute: .seconds(1))
    let times = try JobTimes.sample(runs: 1, warmUp: 0, reading: { same }) {}
    #expect(times.wall == .nanoseconds(1))
    #expect(try JobTimes.sample(runs: 1) {}.wall > .zero)
  }

  @Test("no runs are refused, and errors are thrown")
  func errors() {
    #expect(throws: PoolSizingError.invalidRuns(0)) { try JobTimes.sample(runs: 0) {} }
    #expect(throws: PoolSizingError.invalidRuns(-1)) { try JobTimes.sample(runs: 1, warmUp: -1) {} }
    #expect(throws: Failed.self) { try JobTimes.sample { throw Failed() } }
  }

  @Test("a thread that computes has more processor time then, and one that waits for nothing is not idle")
  func realThread() throws {
    let before = ThreadReading.now()
    let times = try JobTimes.sample(runs: 2) { (0..<blackHole(200_000)).reduce(0) { $0 ^ $1 } }
    let after = ThreadReading.now()
    #expect(times.compute > .zero && times.compute <= times.wall)
    #expect(after.compute > before.compute && after.wall > before.wall && after.queued >= before.queued)
  }
}
