import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinDiagnostics

@Suite("Blocking in tasks")
struct BlockingWatchTests {
  private let object = ObjectIdentity("Semaphore", name: "permits", place: SourcePlace("Test/Made.swift", 1))

  private func watch(isSpared: Bool) -> (BlockingWatch, Lock<[BlockedTask]>) {
    let reports = Lock<[BlockedTask]>([])
    let watch = BlockingWatch(isSpared: { isSpared }) { blocked in reports.withLock { $0.append(blocked) } }
    return (watch, reports)
  }

  @Test("a call in a task is reported once for each place")
  func oncePerPlace() async {
    let (watch, reports) = watch(isSpared: false)
    for line in [3, 4, 3, 4, 3] {
      watch.willBlock(for: object, at: SourcePlace("Test/Use.swift", UInt(line)))
    }
    let texts = reports.withLock { $0.map(\.description) }
    #expect(texts.count == 2)
    #expect(texts[0].contains("at Test/Use.swift:3, waiting for Semaphore permits"))
  }

  @Test("a thread without a task may block, and so may a task that is spared")
  func spared() async throws {
    let (watch, reports) = watch(isSpared: false)
    let object = object
    try await onThread { watch.willBlock(for: object, at: SourcePlace()) }
    #expect(reports.withLock { $0.isEmpty })
    let (sparing, none) = self.watch(isSpared: true)
    sparing.willBlock(for: object, at: SourcePlace())
    #expect(none.withLock { $0.isEmpty })
  }

  @Test("the threads of the pool are known by their names")
  func pool() async throws {
    for name in ["oot.default-qos", "r-initiated-qos", "oot.utility-qos", ".background-qos"] {
      #expect(CooperativePool.isMember(name: name))
    }
    for name in ["-qos.overcommit", "main", "", "skein-timers"] {
      #expect(!CooperativePool.isMember(name: name))
    }
    #expect(await Task.detached { CooperativePool.runsCaller }.value)
    #expect(try await onThread { CooperativePool.runsCaller } == false)
    let executor = ManualTaskExecutor()
    let task = Task(executorPreference: executor) { CooperativePool.runsCaller }
    try await onThread { while executor.runUntilIdle() == 0 {} }
    #expect(await task.value == false)
  }
}

@Suite("Uses")
struct UseLogTests {
  private let a = Scene.thread(1)
  private let b = Scene.task(2)

  @Test("who took permits is known until they come back")
  func permits() {
    let log = UseLog()
    log.note(10, .acquired, by: a)
    log.note(10, .acquired, by: b)
    log.note(10, .acquired, by: a)
    #expect(log.recent[10]?.permitHolders == [a, b, a])
    log.note(10, .released, by: a)
    #expect(log.recent[10]?.permitHolders == [a, b])
    log.note(10, .released, by: Scene.thread(9))
    #expect(log.recent[10]?.permitHolders == [b])
    log.note(10, .released, by: b)
    log.note(10, .released, by: b)
    #expect(log.recent[10] == nil)
  }

  @Test("who moved items is known, the latest last, each once")
  func items() {
    let log = UseLog()
    for party in [a, b, a] { log.note(10, .put, by: party) }
    log.note(10, .got, by: b)
    #expect(log.recent[10] == RecentUses(putters: [b, a], getters: [b]))
  }

  @Test("neither parties nor objects grow without limit, and the latest are kept")
  func bounds() {
    let log = UseLog()
    for id in 0..<UInt64(100) { log.note(1, .put, by: Scene.task(id)) }
    #expect(log.recent[1]?.putters.map(\.id) == Array(84..<100))
    for id in 0..<UInt(3 * UseLog.mostObjects) { log.note(id, .put, by: a) }
    #expect(log.recent.count <= UseLog.mostObjects)
    #expect(log.recent[UInt(3 * UseLog.mostObjects) - 1] != nil)
  }
}

@Suite("Stalls")
struct StallTests {
  private typealias Watch = StallWatch<ManualClock.Instant>

  private func at(_ milliseconds: Int) -> ManualClock.Instant { .init(offset: .milliseconds(milliseconds)) }

  @Test("no beat is out: a tick sends one")
  func sends() {
    var watch = Watch(threshold: .seconds(1))
    #expect(watch.tick(at: at(0)) == .sendBeat)
    #expect(watch.tick(at: at(500)) == .none)
    #expect(watch.beat(at: at(600)) == .none)
    #expect(watch.tick(at: at(1000)) == .sendBeat)
  }

  @Test("a beat that is out for the threshold is told once, and its end with the whole time")
  func stall() {
    var watch = Watch(threshold: .seconds(1))
    #expect(watch.tick(at: at(0)) == .sendBeat)
    #expect(watch.tick(at: at(500)) == .none)
    #expect(watch.tick(at: at(1000)) == .tellStall(.seconds(1)))
    #expect(watch.tick(at: at(1500)) == .none)
    #expect(watch.beat(at: at(1700)) == .tellEnd(.milliseconds(1700)))
    #expect(watch.tick(at: at(2000)) == .sendBeat)
    #expect(watch.beat(at: at(2001)) == .none)
  }

  @Test("a process that stood still as a whole did not stall")
  func stopped() {
    var watch = Watch(threshold: .seconds(1))
    #expect(watch.tick(at: at(0)) == .sendBeat)
    #expect(watch.tick(at: at(60_000)) == .none)
    #expect(watch.tick(at: at(60_500)) == .none)
    #expect(watch.tick(at: at(61_000)) == .tellStall(.seconds(1)))
  }

  @Test("a beat that nobody sent is nothing")
  func strayBeat() {
    var watch = Watch(threshold: .seconds(1))
    #expect(watch.beat(at: at(0)) == .none)
  }

  @Test("a threshold of nothing is a broken contract")
  func badThreshold() async {
    await #expect(processExitsWith: .failure) { _ = StallWatch<ManualClock.Instant>(threshold: .zero) }
  }

  @Test("the detector ticks on its clock, tells a stall and its end, and stops")
  func detector() {
    let clock = ManualClock()
    let beats = Lock<[@Sendable () -> Void]>([])
    let news = Lock<[StallDetector<ManualClock>.News]>([])
    let detector = StallDetector(
      threshold: .seconds(1), clock: clock, send: { beat in beats.withLock { $0.append(beat) } },
      tell: { one in news.withLock { $0.append(one) } })
    detector.start()
    for _ in 0..<4 { clock.advance(by: .milliseconds(500)) }
    #expect(news.withLock { $0 } == [.stall(.seconds(1))])
    beats.withLock { $0.removeLast() }()
    #expect(news.withLock { $0 } == [.stall(.seconds(1)), .end(.seconds(2))])
    clock.advance(by: .milliseconds(500))
    beats.withLock { $0.removeLast() }()
    detector.stop()
    #expect(clock.scheduledCount == 0)
    #expect(news.withLock { $0.count } == 2)
  }

  @Test("the beat comes back on the real pool")
  func realBeat() async throws {
    let (clock, news) = (ManualClock(), Lock(0))
    let detector = StallDetector(threshold: .seconds(1), clock: clock) { _ in news.withLock { $0 += 1 } }
    detector.start()
    await Task.detached {}.value
    detector.stop()
    #expect(news.withLock { $0 } == 0)
  }

  @Test(
    "lines of the kernel about threads are read, whatever the name",
    arguments: [("12 (worker) S 1 2", "worker"), ("12 (a) R (b) S 1 2", "a) R (b"), ("12 () S 1", "")])
  func statLine(line: String, name: String) throws {
    let status = try #require(ThreadStatus(stat: line, waitChannel: "futex_wait"))
    #expect(status.id == 12)
    #expect(status.name == name)
    #expect(status.state == "S")
    #expect(status.waitChannel == "futex_wait")
  }

  @Test("what is no such line is none", arguments: ["", "12", "12 (", ") 12 (", "x (a) S", "12 (a)"])
  func badStatLine(line: String) {
    #expect(ThreadStatus(stat: line, waitChannel: "0") == nil)
  }

  @Test("the threads of this process are found, the calling one running")
  func ownThreads() {
    let own = ThreadStatus.all().first { $0.id == UInt32(Party.currentThread.id) }
    #expect(own?.stateText == "runs")
  }

  @Test("the report names the pool's threads and what they wait for")
  func text() throws {
    var scene = Scene()
    let pool = Party(kind: .thread, id: 12, name: "oot.default-qos")
    scene.wait(pool, running: Scene.task(5), forUnowned: 10)
    let threads = [
      ThreadStatus(stat: "12 (oot.default-qos) S", waitChannel: "futex_wait"),
      ThreadStatus(stat: "13 (oot.default-qos) R", waitChannel: "0"),
      ThreadStatus(stat: "14 (main) S", waitChannel: "poll"),
    ].compactMap { $0 }
    let graph = WaitGraph(waits: scene.waits, deadlocks: [], instant: .init(nanoseconds: 0))
    let text = StallText(age: .milliseconds(1500), threads: threads, graph: graph).description
    #expect(text.contains("for 1.5 s no task could run"))
    #expect(
      text.contains("(12) sleeps, blocked at Test/Wait.swift:1 in task “task-5” (0x5), waiting for Semaphore")
    )
    #expect(text.contains("(13) runs"))
    #expect(!text.contains("main"))
  }
}
