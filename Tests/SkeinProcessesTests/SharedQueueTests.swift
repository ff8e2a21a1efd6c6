import FoundationEssentials
import ProcessFunctions
import SkeinProcesses
import SkeinSync
import SkeinTesting
import SkeinThreads
import Testing

@Suite("SharedQueue")
struct SharedQueueTests {
  @Test("items come in their order, whole, whatever their length and wherever the ring turns")
  func order() async throws {
    let queue = try SharedQueue<[UInt8]>(capacity: 100, byteCapacity: 1000)
    let lengths = [0, 1, 7, 8, 9, 100, 255, 300]
    for round in 0..<200 {
      let items = (0..<3).map { index in
        [UInt8](
          repeating: UInt8(truncatingIfNeeded: round + index), count: lengths[(round + index) % lengths.count]
        )
      }
      for item in items { try await queue.put(item) }
      #expect(queue.count == 3)
      for item in items { #expect(try await queue.get() == item) }
    }
    #expect(try queue.tryGet() == nil && queue.count == 0)
  }

  @Test("it is bounded in items and in bytes, and what never fits is refused")
  func bounds() async throws {
    let few = try SharedQueue<Int>(capacity: 2)
    #expect(try few.tryPut(1) && few.tryPut(2))
    #expect(try !few.tryPut(3))
    #expect(few.capacity == 2)
    let small = try SharedQueue<[UInt8]>(capacity: 100, byteCapacity: 64)
    #expect(try small.tryPut([UInt8](repeating: 1, count: 20)))
    #expect(try !small.tryPut([UInt8](repeating: 1, count: 30)))
    #expect(throws: SharedQueueError.tooLarge(bytes: 66, limit: 56)) {
      try small.tryPut([UInt8](repeating: 1, count: 64))
    }
    #expect(throws: SharedMemoryError.invalidCount(0)) { try SharedQueue<Int>(capacity: 0) }
    #expect(throws: SharedMemoryError.invalidCount(-1)) {
      try SharedQueue<Int>(capacity: 1, byteCapacity: -1)
    }
  }

  @Test("who waits for an item, or for room, gets it: threads and tasks", arguments: [false, true])
  func waiting(isThread: Bool) async throws {
    let queue = try SharedQueue<Int>(capacity: 1)
    let getting = Task { isThread ? try await onThread { try queue.get() } : try await queue.get() }
    try await eventually("it waits") { queue.gettingCount == 1 }
    try await queue.put(7)
    #expect(try await getting.value == 7)
    try await queue.put(8)
    let putting = Task {
      if isThread { try await onThread { try queue.put(9) } } else { try await queue.put(9) }
    }
    try await eventually("it waits") { queue.puttingCount == 1 }
    #expect(try await queue.get() == 8)
    try await putting.value
    #expect(try await queue.get() == 9)
    await #expect(throws: WaitError.timedOut) {
      try await onThread { try queue.get(timeout: .milliseconds(1)) }
    }
  }

  @Test("a cancelled wait takes and puts nothing")
  func cancelling() async throws {
    let queue = try SharedQueue<Int>(capacity: 1)
    let getting = Task { try await queue.get() }
    try await eventually("it waits") { queue.gettingCount == 1 }
    getting.cancel()
    await #expect(throws: WaitError.cancelled) { try await getting.value }
    try await queue.put(1)
    let putting = Task { try await queue.put(2) }
    try await eventually("it waits") { queue.puttingCount == 1 }
    putting.cancel()
    await #expect(throws: WaitError.cancelled) { try await putting.value }
    #expect(try await queue.get() == 1 && queue.count == 0)
  }

  @Test("after the end nothing is put, and what is there is taken")
  func closing() async throws {
    let queue = try SharedQueue<Int>(capacity: 2)
    try await queue.put(1)
    let full = try SharedQueue<Int>(capacity: 1)
    try await full.put(1)
    let putting = Task { try await full.put(2) }
    try await eventually("it waits") { full.puttingCount == 1 }
    full.close()
    await #expect(throws: WaitError.closed) { try await putting.value }
    queue.close()
    #expect(queue.isClosed)
    await #expect(throws: WaitError.closed) { try await queue.put(2) }
    #expect(try await queue.get() == 1)
    await #expect(throws: WaitError.closed) { try await queue.get() }
    #expect(throws: WaitError.closed) { try queue.tryGet() }
  }

  @Test("every item of several processes is taken once", arguments: executingMethods)
  func processes(method: StartMethod) async throws {
    let (source, target) = (try SharedQueue<Int>(capacity: 50), try SharedQueue<Int>(capacity: 50))
    let program = try program()
    let producers = try (0..<2).map { index in
      try ChildProcess.start(
        PutNumbers(source, index * 500..<(index + 1) * 500), method: method, program: program)
    }
    let movers = try (0..<2).map { _ in
      try ChildProcess.start(MoveNumbers(from: source, to: target), method: method, program: program)
    }
    var numbers: [Int] = []
    for _ in 0..<1000 { numbers.append(try await target.get()) }
    #expect(numbers.sorted() == Array(0..<1000))
    for producer in producers { _ = try await producer.join() }
    source.close()
    for mover in movers {
      let exit = try await mover.join()
      #expect(exit == .exited(0), "\(String(describing: mover.failure))")
    }
  }

  @Test("processes that are killed in the midst of it lose one item each at the most, and hold nobody up")
  func deaths() async throws {
    let (source, target) = (try SharedQueue<Int>(capacity: 20), try SharedQueue<Int>(capacity: 20))
    let program = try program()
    let count = 2000
    let producing = Task { for number in 0..<count { try await source.put(number) } }
    let collected = Lock<[Int]>([])
    let collecting = Task {
      do {
        while true {
          let number = try await target.get()
          collected.withLock { $0.append(number) }
        }
      } catch WaitError.closed {}
    }
    var kills = 0
    for round in 1...8 {
      let mover = try ChildProcess.start(MoveNumbers(from: source, to: target), program: program)
      try await eventually("it has moved some") {
        collected.withLock { $0.count } >= min(round * 100, count - 20)
      }
      mover.kill()
      try await mover.join()
      kills += 1
    }
    let last = try ChildProcess.start(MoveNumbers(from: source, to: target), program: program)
    try await producing.value
    source.close()
    try await last.join()
    target.close()
    try await collecting.value
    let numbers = collected.withLock { $0 }
    #expect(Set(numbers).count == numbers.count && numbers.count >= count - kills, "\(numbers.count)")
  }
}
