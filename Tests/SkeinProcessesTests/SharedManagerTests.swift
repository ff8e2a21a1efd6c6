import FoundationEssentials
import Glibc
import ProcessFunctions
import SkeinProcesses
import SkeinSync
import SkeinTesting
import SkeinWork
import Testing

@Suite("SharedManager")
struct SharedManagerTests {
  @Test("several processes work on the same objects", arguments: executingMethods)
  func sharing(method: StartMethod) async throws {
    let manager = try SharedManager(method: method, program: program())
    let things = try ManagedThings(of: manager)
    let children = try (0..<3).map { _ in
      try ChildProcess.start(UseManaged(things, times: 50), method: method, program: program())
    }
    for child in children {
      let exit = try await child.join()
      #expect(exit == .exited(0), "\(String(describing: child.failure))")
    }
    #expect(try things.scores.value(for: "all") == 150)
    #expect(try things.counter.value() == 150)
    #expect(try things.lines.count() == 150 && Set(things.lines.contents()).count == 150)
    #expect(try things.queue.count() == 150)
    #expect(try things.settings.value(for: "total", as: Int.self) == 150)
    #expect(manager.process.isAlive)
  }

  @Test("dictionaries, namespaces and lists do what those of a process do")
  func values() async throws {
    let manager = try SharedManager(program: program())
    let pages: ManagedDictionary<[Int], String?> = try manager.makeDictionary()
    #expect(try pages.value(for: [1]) == nil)
    try pages.set("one", for: [1])
    try pages.set(nil, for: [2])
    #expect(try pages.value(for: [2]) == .some(nil))
    #expect(try !pages.insertIfAbsent("other", for: [1]) && pages.insertIfAbsent("three", for: [3]))
    let expected: [[Int]: String?] = [[1]: "one", [2]: nil, [3]: "three"]
    #expect(try pages.contents() == expected)
    #expect(try pages.keys().map(\.[0]).sorted() == [1, 2, 3])
    #expect(try pages.remove([3]) == "three" && pages.remove([3]) == nil)
    #expect(try pages.update([1]) { $0 = .none } == .none && pages.count() == 1)
    try pages.removeAll()
    #expect(try pages.count() == 0)

    let settings = try manager.makeNamespace()
    try settings.set([1.5, 2], for: "weights")
    try settings.set("a", for: "name")
    #expect(try settings.value(for: "weights", as: [Double].self) == [1.5, 2])
    #expect(throws: DecodingError.self) { try settings.value(for: "name", as: Int.self) }
    #expect(try settings.names() == ["name", "weights"])
    #expect(try settings.remove("name") && !settings.remove("name"))

    let list = try manager.makeList([1, 2, 3])
    try list.append(contentsOf: [4, 5])
    try list.insert(0, at: 0)
    try list.set(20, at: 2)
    #expect(try list.contents() == [0, 1, 20, 3, 4, 5])
    #expect(try list.remove(at: 1) == 1 && list.popFirst() == 0 && list.popLast() == 5)
    #expect(try list.value(at: 0) == 20 && list.count() == 3)
    try list.removeAll()
    #expect(try list.popFirst() == nil && list.popLast() == nil)
    #expect(throws: ManagerError.outOfBounds(index: 0, count: 0)) { try list.value(at: 0) }
    try list.removeFromManager()
    #expect(throws: ManagerError.noSuchObject) { try list.count() }
  }

  @Test("who waits for a lock gets it in turn: threads and tasks; a wait that ends early changes nothing")
  func lock() async throws {
    let manager = try SharedManager(program: program())
    let lock = try manager.makeLock()
    #expect(throws: ManagerError.notHeld) { try lock.release() }
    try await lock.acquire()
    #expect(try !lock.tryAcquire())
    await #expect(throws: WaitError.timedOut) { try await lock.acquire(timeout: .milliseconds(5)) }
    await #expect(throws: WaitError.timedOut) {
      try await onThread { try lock.acquire(timeout: .milliseconds(5)) }
    }
    let waiting = Task { try await lock.acquire() }
    waiting.cancel()
    await #expect(throws: WaitError.cancelled) { try await waiting.value }
    let next = Task { try await onThread { try lock.withLock { 7 } } }
    try lock.release()
    #expect(try await next.value == 7)
    await #expect(throws: CancellationError.self) {
      try await lock.withLock { throw CancellationError() }
    }
    #expect(try lock.tryAcquire())
    try lock.release()
  }

  @Test("a lock comes back from a process that is killed, and tells of it")
  func death() async throws {
    let manager = try SharedManager(program: program())
    let lock = try manager.makeLock()
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(HoldManaged(lock, theirs), program: program())
    theirs.close()
    #expect(try await mine.receive(String.self) == "held")
    #expect(throws: ManagerError.notHeld) { try lock.release() }
    let waiting = Task { try await lock.acquire() }
    child.kill()
    #expect(try await waiting.value, "its owner died")
    try lock.release()
    #expect(try await !lock.acquire())
  }

  @Test("an item goes to nobody who died waiting for it")
  func deadWaiter() async throws {
    let manager = try SharedManager(program: program())
    let queue = try manager.makeQueue(of: Int.self)
    let child = try ChildProcess.start(WaitManaged(queue), program: program())
    try await queue.put(1)
    #expect(try await child.join() == .exited(0))
    let killed = try ChildProcess.start(WaitManaged(queue), program: program())
    killed.kill()
    try await killed.join()
    try await queue.put(2)
    // Its connection ended with it, of which the manager learns by itself.
    #expect(try await queue.get() == 2)
  }

  @Test("a queue bounds who puts, and ends: threads and tasks", arguments: [false, true])
  func queue(isThread: Bool) async throws {
    let manager = try SharedManager(program: program())
    let queue = try manager.makeQueue(of: String.self, capacity: 1)
    @Sendable func put(_ item: String) async throws {
      if isThread { try await onThread { try queue.put(item) } } else { try await queue.put(item) }
    }
    @Sendable func get() async throws -> String {
      isThread ? try await onThread { try queue.get() } : try await queue.get()
    }
    try await put("a")
    #expect(try !queue.tryPut("b"))
    await #expect(throws: WaitError.timedOut) { try await queue.put("b", timeout: .milliseconds(5)) }
    let putting = Task { try await put("b") }
    #expect(try await get() == "a")
    try await putting.value
    #expect(try await get() == "b")
    #expect(try queue.tryGet() == nil)
    await #expect(throws: WaitError.timedOut) { try await queue.get(timeout: .milliseconds(5)) }
    let getting = Task { try await get() }
    try await put("c")
    #expect(try await getting.value == "c")
    try await put("d")
    try queue.close()
    #expect(throws: WaitError.closed) { try queue.tryPut("e") }
    await #expect(throws: WaitError.closed) { try await put("e") }
    #expect(try await get() == "d")
    await #expect(throws: WaitError.closed) { try await get() }
    #expect(throws: ManagerError.invalidCapacity(0)) { try manager.makeQueue(of: Int.self, capacity: 0) }
  }

  @Test("large values travel whole, also to who waits for them")
  func largeValues() async throws {
    let manager = try SharedManager(program: program())
    let queue = try manager.makeQueue(of: Data.self)
    let value = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    let getting = Task { try await queue.get() }
    try await queue.put(value)
    #expect(try await getting.value == value)
  }

  @Test("an error that a child meets arrives as one")
  func errors() async throws {
    let manager = try SharedManager(program: program())
    let lines = try manager.makeList(["a"])
    let failure = await #expect(throws: RemoteError.self) {
      try await runInProcess(MisuseManaged(lines), program: program())
    }
    #expect(failure?.message == "the list has no element 7, since there are 1")
  }

  @Test("a manager that ends is an error for who uses it, and for who waits")
  func end() async throws {
    let manager = try SharedManager(program: program())
    let things = try ManagedThings(of: manager)
    try await things.lock.acquire()
    let waits = [
      Task { _ = try await things.queue.get() },
      Task { try await onThread { _ = try things.lock.acquire() } },
    ]
    manager.shutdown()
    for wait in waits { await #expect(throws: ManagerError.ended) { try await wait.value } }
    #expect(throws: ManagerError.ended) { try things.counter.add(1) }
    #expect(throws: ManagerError.ended) { try things.lock.release() }
    #expect(throws: ManagerError.ended) { try manager.makeLock() }
    #expect(try await manager.process.join() == .signalled(SIGKILL))
  }

  @Test("a manager ends with the last reference to it")
  func release() async throws {
    var manager: SharedManager? = try SharedManager(program: program())
    let process = try #require(manager).process
    manager = nil
    #expect(try await process.join() == .signalled(SIGKILL))
  }

  @Test("a proxy that is sent to where its manager is known uses the same connections")
  func resending() async throws {
    let manager = try SharedManager(program: program())
    let counter = try manager.makeCounter(3)
    let (first, second) = try Connection.makePair()
    try await first.send(counter)
    #expect(try await second.receive(ManagedCounter.self).add(1) == 4)
    #expect(throws: EncodingError.self) { try JSONCodec().encode(counter) }
  }
}
