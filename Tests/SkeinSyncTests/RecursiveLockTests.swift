import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

private struct Node: Sendable {
  var name: String
  var children: [Node] = []
}

@Suite("RecursiveLock")
struct RecursiveLockTests {
  @Test("a walk that takes the lock at every level sees one state")
  func walk() {
    let visited = RecursiveLock([String]())
    @Sendable func walk(_ node: Node) {
      visited.withLock { held in
        held.state.append(node.name)
        node.children.forEach(walk)
      }
    }
    walk(Node(name: "a", children: [Node(name: "b", children: [Node(name: "c")]), Node(name: "d")]))
    #expect(visited.withLock { $0.state } == ["a", "b", "c", "d"])
    #expect(visited.depth == 0)
  }

  @Test("the depth grows and shrinks with the bodies, also through errors and all forms")
  func depth() async throws {
    try await onThread {
      let lock = RecursiveLock(0)
      #expect(!lock.isHeldByCurrentThread && lock.depth == 0)
      try lock.withLock { held in
        #expect(lock.isHeldByCurrentThread && lock.depth == 1)
        let inner = lock.tryLock { _ in lock.depth }
        #expect(inner == 2)
        let timed = try lock.withLock(timeout: .zero) { _ in lock.depth }
        #expect(timed == 2)
        #expect(throws: Refused()) { try lock.withLock { _ throws(Refused) in throw Refused() } }
        #expect(lock.depth == 1)
        held.state += 1
      }
      #expect(!lock.isHeldByCurrentThread)
      #expect(lock.tryLock { $0.state } == 1)
    }
  }

  @Test("only one thread is inside at a time, at any depth", arguments: [2, 6])
  func mutualExclusion(threads: Int) async throws {
    let lock = RecursiveLock((first: 0, second: 0))
    try await onThreads(threads) { index in
      for round in 0..<2000 {
        lock.withLock { held in
          held.state.first += 1
          if round % 3 == index % 3 { lock.withLock { $0.state.second += 1 } } else { held.state.second += 1 }
          precondition(held.state.first == held.state.second)
        }
      }
    }
    #expect(lock.withLock { $0.state.second } == threads * 2000)
  }

  @Test("blocking, trying and timed forms exclude one another", arguments: [1, 2])
  func mixedForms(seed: UInt64) async throws {
    let (lock, successes) = (RecursiveLock(0), Lock(0))
    try await onThreads(6) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      for _ in 0..<400 {
        var isDone = true
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: lock.withLock { held in lock.withLock { _ in held.state += 1 } }
        case 1: isDone = lock.tryLock { $0.state += 1 } != nil
        default:
          let timeout = Duration.microseconds(Int.random(in: 0..<50, using: &generator))
          do { try lock.withLock(timeout: timeout) { $0.state += 1 } } catch { isDone = false }
        }
        if isDone { successes.withLock { $0 += 1 } }
      }
    }
    #expect(lock.withLock { $0.state } == successes.withLock { $0 }, "seed \(seed)")
  }

  @Test("a lock that is held elsewhere is not taken by a try, and not in time; diagnosis names the holder")
  func heldElsewhere() async throws {
    let (lock, isHeld, mayEnd) = (RecursiveLock(0, name: "tree"), Event(), Event())
    async let holder: Party = onThread {
      try lock.withLock { _ in
        isHeld.set()
        try mayEnd.wait()
        return Party.currentThread
      }
    }
    try await isHeld.wait()
    try await onThread {
      let tried = lock.tryLock { $0.state }
      #expect(tried == nil)
      for timeout in [Duration.zero, .seconds(-1_000_000_000), .milliseconds(2)] {
        #expect(throws: LockError.timedOut("tree")) { try lock.withLock(timeout: timeout) { $0.state } }
      }
    }
    async let waiter = onThread { try lock.withLock(timeout: .seconds(Int64.max)) { $0.state } }
    let wait = try await observedWait(of: "tree")
    mayEnd.set()
    let party = try await holder
    #expect(wait.object.kind == "RecursiveLock" && wait.purpose == "to hold it" && wait.isTimed)
    guard case .all(let holders) = wait.object.holders else { throw Refused() }
    #expect(holders.map(\.party) == [party])
    #expect(try await waiter == 0)
  }

  @Test("accesses that only read may overlap")
  func overlappingReads() {
    let lock = RecursiveLock([1, 2, 3])
    let sums = lock.withLock { held in
      held.state.map { number in lock.withLock { $0.state.count } + number }
    }
    #expect(sums == [4, 5, 6])
  }

  @Test("a change that overlaps another change traps, with the lock's name")
  func overlappingChanges() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lock = RecursiveLock([1], name: "tree")
      func change(_ numbers: inout [Int]) { lock.withLock { $0.state.append(2) } }
      lock.withLock { held in change(&held.state) }
    }
    expectMessage(result, "an access to the state of RecursiveLock tree overlaps another one")
  }

  @Test("a read in the middle of a change traps, and a change in the middle of a read")
  func overlappingReadAndChange() async throws {
    await #expect(processExitsWith: .failure) {
      let lock = RecursiveLock([1])
      func change(_ numbers: inout [Int]) { numbers[0] = lock.withLock { $0.state.count } }
      lock.withLock { held in change(&held.state) }
    }
    await #expect(processExitsWith: .failure) {
      struct Place: ~Copyable {
        func look(_ body: () -> Void) { body() }
        mutating func change() {}
      }
      let lock = RecursiveLock(Place())
      lock.withLock { held in held.state.look { lock.withLock { $0.state.change() } } }
    }
  }

  @Test("taking it over and over traps when the count is full")
  func depthOverflow() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lock = RecursiveLock((), name: "tree", depthLimit: 2, at: SourcePlace())
      lock.withLock { _ in
        lock.withLock { _ in lock.withLock { _ in lock.withLock { _ in } } }
      }
    }
    expectMessage(result, "RecursiveLock tree is taken more than 2 times over")
    let lock = RecursiveLock((), name: "tree", depthLimit: 2, at: SourcePlace())
    let depth = lock.withLock { _ in lock.withLock { _ in lock.withLock { _ in lock.depth } } }
    #expect(depth == 3)
  }

  @Test("observers hear of the outermost body alone")
  func observed() async {
    await #expect(processExitsWith: .success) {
      let log = LockLog.start()
      let lock = RecursiveLock(name: "tree")
      lock.withLock { _ in
        lock.withLock { _ in _ = lock.tryLock { _ in } }
      }
      _ = lock.tryLock { _ in }
      let told = ["will tree", "did tree", "left tree", "did tree", "left tree"]
      precondition(log.events == told, "\(log.events)")
    }
  }

  @Test("the state, which may be one that can not be copied, ends with its lock")
  func stateEnds() {
    struct Handle: ~Copyable, Sendable {
      let ended: Event
      deinit { ended.set() }
    }
    let ended = Event()
    do {
      let lock = RecursiveLock(Handle(ended: ended))
      lock.withLock { held in #expect(!held.state.ended.isSet) }
    }
    #expect(ended.isSet)
  }
}

// MARK: - What the suites of the locks share

/// The waits for an object of this name that diagnosis sees.
func observedWaits(of name: String) -> [ObservedWait] {
  WaitSources.observe().waits.filter { $0.object.name == name }
}

/// The first wait for an object of this name, once diagnosis sees it: that is a moment after the waiter counts.
func observedWait(of name: String) async throws -> ObservedWait {
  var first: ObservedWait?
  try await eventually("diagnosis sees a wait for \(name)") {
    first = observedWaits(of: name).first
    return first != nil
  }
  return first!
}

/// Expects a trap's message.
func expectMessage(_ result: ExitTest.Result, _ message: String) {
  let printed = String(decoding: result.standardErrorContent, as: UTF8.self)
  #expect(printed.contains(message), "\(printed)")
}

/// Writes down what observers of locks hear. For a process of its own: a process has one observer.
final class LockLog: SyncObserver {
  private let log = Lock([String](), internalTo: "LockLog")

  static func start(_ what: SyncObservation = .locks) -> LockLog {
    let log = LockLog()
    SyncObservation.start(what, by: log)
    return log
  }

  var events: [String] { log.withLock { $0 } }

  private func note(_ event: String, _ identity: ObjectIdentity) {
    let name = identity.name ?? "\(identity)"
    log.withLock { $0.append("\(event) \(name)") }
  }

  func willAcquire(_ lock: any ObservedLock, at place: SourcePlace) { note("will", lock.identity) }
  func willAcquire(_ lock: any ObservedLock, inside held: [HeldAsyncLocks.Held], at place: SourcePlace) {
    note("will, in a task,", lock.identity)
  }
  func didAcquire(_ lock: any ObservedLock, at place: SourcePlace) { note("did", lock.identity) }
  func didRelease(_ lock: any ObservedLock) { note("left", lock.identity) }
  func willBlock(for object: ObjectIdentity, at place: SourcePlace) { note("blocks", object) }
  func didUse(_ id: UInt, as use: ObservedUse) {}
}
