import Glibc
import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

@Suite("ReadWriteLock")
struct ReadWriteLockTests {
  @Test("readers are inside together")
  func readersTogether() async throws {
    let (lock, arrived) = (ReadWriteLock(7), Lock(0))
    let all = Event()
    try await onThreads(4) { _ in
      try lock.withReadLock { state in
        if arrived.withLock({
          $0 += 1; return $0
        }) == 4 {
          all.set()
        }
        // Ends only if the others come in while this one is inside.
        try all.wait()
      }
    }
    #expect(arrived.withLock { $0 } == 4)
    #expect(lock.counts == (0, 0, false))
  }

  @Test("a writer is alone, whatever form it and the readers use", arguments: [1, 2, 3])
  func exclusion(seed: UInt64) async throws {
    let (lock, writes) = (ReadWriteLock((first: 0, second: 0)), Lock(0))
    @Sendable func read(_ state: (first: Int, second: Int)) { precondition(state.first == state.second) }
    @Sendable func write(_ state: inout (first: Int, second: Int)) {
      state.first += 1
      precondition(state.first == state.second + 1)
      state.second += 1
      writes.withLock { $0 += 1 }
    }
    try await onThreads(6) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      for _ in 0..<400 {
        let timeout = Duration.microseconds(Int.random(in: 0...60, using: &generator))
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...2: lock.withReadLock { read($0) }
        case 3: try lock.tryReadLock { read($0) }
        case 4: try? lock.withReadLock(timeout: timeout) { read($0) }
        case 5, 6: lock.withWriteLock { write(&$0) }
        case 7: try lock.tryWriteLock { write(&$0) }
        case 8: try? lock.withWriteLock(timeout: timeout) { write(&$0) }
        default:
          lock.withWriteLock {
            write(&$0)
          } downgraded: {
            read($0)
          }
        }
      }
    }
    #expect(lock.withReadLock { $0.second } == writes.withLock { $0 }, "seed \(seed)")
    #expect(lock.counts == (0, 0, false), "seed \(seed)")
  }

  @Test("it gives the body's value or error, and is free after both")
  func outcome() throws {
    let lock = ReadWriteLock([1, 2])
    let last = lock.withWriteLock { $0.removeLast() }
    #expect(last == 2)
    #expect(throws: Refused()) { try lock.withWriteLock { _ in throw Refused() } }
    #expect(throws: Refused()) { try lock.withReadLock { _ in throw Refused() } }
    #expect(try lock.tryWriteLock { $0.count } == 1)
    #expect(try lock.tryReadLock { $0.count } == 1)
  }

  @Test("a lock that is held by a writer is not taken by a try, and not in time")
  func heldByWriter() async throws {
    let lock = ReadWriteLock(0, name: "routes")
    try await whileHeld(lock, writing: true) { _ throws in
      #expect(try lock.tryReadLock { $0 } == nil)
      #expect(try lock.tryWriteLock { $0 } == nil)
      for timeout in [Duration.zero, .seconds(-1_000_000_000), .milliseconds(2)] {
        #expect(throws: LockError.timedOut("routes")) { try lock.withReadLock(timeout: timeout) { $0 } }
        #expect(throws: LockError.timedOut("routes")) { try lock.withWriteLock(timeout: timeout) { $0 } }
      }
      #expect(lock.counts == (0, 0, true))
    }
    #expect(try lock.tryWriteLock { $0 } == 0)
  }

  @Test("a writer that gives up lets in the readers that it held up")
  func writerGivesUp() async throws {
    let lock = ReadWriteLock(0, name: "routes")
    try await whileHeld(lock, writing: false) { _ throws in
      #expect(try lock.tryWriteLock { $0 } == nil)
      #expect(try lock.tryReadLock { $0 } == 0)
      #expect(throws: LockError.timedOut("routes")) {
        try lock.withWriteLock(timeout: .milliseconds(1)) { $0 }
      }
      // A new reader comes in beside the one that is inside.
      #expect(try lock.tryReadLock { $0 } == 0)
    }
    #expect(lock.counts == (0, 0, false))
  }

  @Test("a waiting writer holds up new readers; it gives up, and they come in while the old one is inside")
  func heldUpReaders() async throws {
    let lock = ReadWriteLock(0, name: "routes")
    try await whileHeld(lock, writing: false) { _ throws in
      let isDone = Event()
      startDetachedThread(name: "writer") {
        while !isDone.isSet { try? lock.withWriteLock(timeout: .milliseconds(2)) { $0 += 1 } }
      }
      try spin { try lock.tryReadLock { $0 } == nil }
      #expect(lock.withReadLock { $0 } == 0)
      isDone.set()
    }
  }

  @Test("timed forms get a lock that becomes free in time")
  func freeInTime() async throws {
    let (lock, isHeld) = (ReadWriteLock(0), Event())
    async let holder: Void = onThread {
      lock.withWriteLock { state in
        isHeld.set()
        state = 1
      }
    }
    try await isHeld.wait()
    #expect(try await onThread { try lock.withReadLock(timeout: .seconds(30)) { $0 } } == 1)
    #expect(try await onThread { try lock.withWriteLock(timeout: .seconds(Int64.max)) { $0 } } == 1)
    try await holder
  }

  @Test("the readers that waited for a writer have their turn before the next writer")
  func readersBeforeNextWriter() async throws {
    let (lock, order) = (ReadWriteLock(0), Lock([String]()))
    let others = Lock([Task<Void, any Error>]())
    try await whileHeld(lock, writing: true) { _ throws in
      for index in 0..<4 {
        let task = Task {
          try await onThread {
            if index == 1 {
              lock.withWriteLock { _ in order.withLock { $0.append("writer") } }
            } else {
              lock.withReadLock { _ in order.withLock { $0.append("reader") } }
            }
          }
        }
        others.withLock { $0.append(task) }
      }
      spin { lock.counts.waitingReaders == 3 }
    }
    for task in others.withLock({ $0 }) { try await task.value }
    #expect(order.withLock { $0 } == ["reader", "reader", "reader", "writer"])
  }

  @Test(
    "a writer is served though readers hammer the lock, and a reader though writers do",
    arguments: [true, false])
  func starvation(hammersRead: Bool) async throws {
    let (lock, isServed) = (ReadWriteLock(0), Event())
    async let hammering: Void = onThreads(3) { _ in
      while !isServed.isSet {
        if hammersRead {
          lock.withReadLock { _ in for _ in 0..<200 { _ = isServed.isSet } }
        } else {
          lock.withWriteLock { state in for _ in 0..<200 { state &+= 1 } }
        }
      }
    }
    try await onThread {
      for _ in 0..<20 {
        if hammersRead { lock.withWriteLock { $0 = 0 } } else { _ = lock.withReadLock { $0 } }
      }
    }
    isServed.set()
    try await hammering
  }

  @Test("the state, which may be one that can not be copied, is borrowed, and ends with its lock")
  func stateEnds() {
    struct Handle: ~Copyable, Sendable {
      let ended: Event
      deinit { ended.set() }
    }
    let ended = Event()
    do {
      let lock = ReadWriteLock(Handle(ended: ended))
      #expect(!lock.withReadLock { $0.ended.isSet })
      #expect(!lock.withWriteLock { $0.ended.isSet })
    }
    #expect(ended.isSet)
  }
}

@Suite("ReadWriteLock, downgraded")
struct ReadWriteLockDowngradeTests {
  @Test("a writer that becomes a reader lets readers in, and keeps writers out")
  func downgrade() async throws {
    let (lock, isReading, mayEnd) = (ReadWriteLock(0), Event(), Event())
    async let downgrader: Int = onThread {
      try lock.withWriteLock {
        $0 = 1
      } downgraded: { state in
        isReading.set()
        try mayEnd.wait()
        return state
      }
    }
    try await isReading.wait()
    try await onThread { () throws in
      #expect(lock.withReadLock { $0 } == 1)
      #expect(try lock.tryWriteLock { $0 = 2 } == nil)
      #expect(throws: LockError.timedOut(nil)) {
        try lock.withWriteLock(timeout: .milliseconds(1)) { $0 = 2 }
      }
    }
    mayEnd.set()
    #expect(try await downgrader == 1)
    #expect(lock.counts == (0, 0, false))
  }

  @Test("readers that waited come in with it, a waiting writer after it")
  func waiting() async throws {
    let (lock, isWriting, mayRead, mayEnd) = (ReadWriteLock(0), Event(), Event(), Event())
    async let downgrader: Void = onThread {
      try lock.withWriteLock {
        isWriting.set()
        try mayRead.wait()
        $0 = 1
      } downgraded: { _ in
        try mayEnd.wait()
      }
    }
    try await isWriting.wait()
    async let reader = onThread { lock.withReadLock { $0 } }
    async let writer: Void = onThread { lock.withWriteLock { $0 = 2 } }
    try await eventually("the reader waits") { lock.counts.waitingReaders == 1 }
    mayRead.set()
    #expect(try await reader == 1)
    mayEnd.set()
    try await downgrader
    try await writer
    #expect(lock.withReadLock { $0 } == 2)
  }

  @Test("an error of the writing part leaves the lock free, and the reading part does not run")
  func errors() throws {
    let lock = ReadWriteLock(0)
    #expect(throws: Refused()) {
      try lock.withWriteLock { _ in
        throw Refused()
      } downgraded: { _ in
        Issue.record("it reads")
      }
    }
    #expect(throws: Refused()) {
      try lock.withWriteLock {
        $0 = 3
      } downgraded: { _ in
        throw Refused()
      }
    }
    #expect(try lock.tryWriteLock { $0 } == 3)
  }
}

// MARK: - What the suites share

/// Looks until `condition` holds; for threads, as `eventually` is for tasks.
func spin(until condition: () throws -> Bool) rethrows {
  while try !condition() { sched_yield() }
}

/// Runs `body` on a thread while another thread holds a lock.
func whileHeld<Result: Sendable>(
  _ lock: ReadWriteLock<Int>, writing: Bool, _ body: @escaping @Sendable (_ holder: Party) throws -> Result
) async throws -> Result {
  let (isHeld, mayEnd, party) = (Event(), Event(), Lock(Party.currentThread))
  @Sendable func hold() throws {
    party.withLock { $0 = Party.currentThread }
    isHeld.set()
    try mayEnd.wait()
  }
  async let holder: Void = onThread {
    if writing {
      try lock.withWriteLock { _ in try hold() }
    } else {
      try lock.withReadLock { _ in try hold() }
    }
  }
  try await isHeld.wait()
  let result = await Task { try await onThread { try body(party.withLock { $0 }) } }.result
  mayEnd.set()
  try await holder
  return try result.get()
}
