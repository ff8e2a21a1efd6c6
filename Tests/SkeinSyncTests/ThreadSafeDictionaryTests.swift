import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

/// A key whose hash is always the same: all of them are in one shard.
private struct Collider: Hashable, Sendable {
  let name: String
  func hash(into hasher: inout Hasher) {}
}

@Suite("ThreadSafeDictionary")
struct ThreadSafeDictionaryTests {
  @Test("it does what Dictionary does, for every number of shards", arguments: [1, 2, 16, 256])
  func likeDictionary(shards: Int) {
    var generator = SeededGenerator(seed: UInt64(shards))
    let dictionary = ThreadSafeDictionary<Int, Int>(shards: shards)
    var model: [Int: Int] = [:]
    for step in 0..<2000 {
      let key = Int.random(in: 0..<60, using: &generator)
      switch Int.random(in: 0..<7, using: &generator) {
      case 0: #expect(dictionary.updateValue(step, forKey: key) == model.updateValue(step, forKey: key))
      case 1: #expect(dictionary.removeValue(forKey: key) == model.removeValue(forKey: key))
      case 2:
        dictionary[key] = step
        model[key] = step
      case 3:
        dictionary[key] = nil
        model[key] = nil
      case 4:
        dictionary[key, default: 5] += 1
        model[key, default: 5] += 1
      case 5:
        dictionary[key]? -= 1
        model[key]? -= 1
      default:
        #expect(dictionary[key] == model[key] && dictionary.value(forKey: key) == model[key])
        #expect(dictionary[key, default: -1] == model[key, default: -1])
      }
    }
    #expect(dictionary.snapshot() == model)
    #expect(dictionary.count == model.count && dictionary.isEmpty == model.isEmpty)
    #expect(dictionary.shardCount == shards)
  }

  @Test("it starts with what it is given, empty or as a literal")
  func initial() {
    let empty = ThreadSafeDictionary<String, Int>()
    #expect(empty.isEmpty && empty.snapshot() == [:] && empty.description == "[:]")
    #expect(empty.shardCount >= 4 && empty.shardCount & (empty.shardCount - 1) == 0)
    let literal: ThreadSafeDictionary<String, Int> = ["one": 1, "two": 2]
    #expect(literal.snapshot() == ["one": 1, "two": 2])
    let copied = ThreadSafeDictionary(["three": 3], shards: 2, name: "numbers")
    #expect(copied.count == 1 && copied.name == "numbers" && copied.description == #"["three": 3]"#)
  }

  @Test("a value that is replaced may use the dictionary as it ends")
  func endOfValues() {
    final class Visitor: Sendable {
      let end: @Sendable () -> Void
      init(_ end: @escaping @Sendable () -> Void) { self.end = end }
      deinit { end() }
    }
    let dictionary = ThreadSafeDictionary<Int, Visitor>(shards: 1)
    let counts = Lock<[Int]>([])
    @Sendable func visitor() -> Visitor { Visitor { counts.withLock { $0.append(dictionary.count) } } }
    dictionary[1] = visitor()
    dictionary[1] = visitor()
    dictionary[1, default: visitor()] = visitor()
    dictionary.merge([1: visitor()]) { _, new in new }
    dictionary.removeAll()
    #expect(counts.withLock { $0 } == [1, 1, 1, 0])
  }

  @Test("changes in place are atomic steps", arguments: [1, 8])
  func inPlace(shards: Int) async throws {
    let (counts, lists) = (
      ThreadSafeDictionary<Int, Int>(shards: shards), ThreadSafeDictionary<Int, [Int]>(shards: shards)
    )
    for key in 0..<8 { lists[key] = [] }
    try await onThreads(4) { index in
      for round in 0..<1000 {
        counts[round % 8, default: 0] += 1
        lists[round % 8]?.append(index)
        counts.update(100) { $0 = ($0 ?? 0) + 1 }
      }
    }
    #expect((0..<8).allSatisfy { counts[$0] == 500 && lists[$0]?.count == 500 })
    #expect(counts[100] == 4000)
  }

  @Test("an update looks, changes, inserts and removes, and gives what its body gives")
  func update() throws {
    let dictionary: ThreadSafeDictionary = ["a": 1]
    let old = dictionary.update("a") { value in
      defer { value = nil }
      return value
    }
    #expect(old == 1 && dictionary.isEmpty)
    dictionary.update("b") { $0 = 2 }
    #expect(throws: Refused()) {
      try dictionary.update("b") { value in
        value = 3
        throw Refused()
      }
    }
    #expect(dictionary["b"] == 3)
  }

  @Test("a value is computed once, though many ask for it at once")
  func computedOnce() async throws {
    let (dictionary, calls) = (ThreadSafeDictionary<String, Int>(), Lock(0))
    try await onThreads(6) { _ in
      for key in ["a", "b", "c"] {
        let value = dictionary.value(
          forKey: key,
          orInsert: {
            calls.withLock { $0 += 1 }
            return key.hashValue
          })
        precondition(value == key.hashValue)
      }
    }
    #expect(calls.withLock { $0 } == 3)
  }

  @Test("a value that can not be computed is not inserted, and the next caller tries again")
  func computingFails() throws {
    let dictionary = ThreadSafeDictionary<String, Int>()
    #expect(throws: Refused()) { try dictionary.value(forKey: "a", orInsert: { throw Refused() }) }
    #expect(dictionary.isEmpty)
    #expect(dictionary.value(forKey: "a", orInsert: { 1 }) == 1)
    #expect(dictionary.value(forKey: "a", orInsert: { 2 }) == 1)
  }

  @Test("a value is exchanged only when it is the expected one; nil stands for none")
  func compareExchange() {
    let dictionary = ThreadSafeDictionary<String, Int>()
    func exchange(_ expected: Int?, _ desired: Int?) -> [Int?] {
      let result = dictionary.compareExchange(forKey: "a", expected: expected, desired: desired)
      return [result.exchanged ? 1 : 0, result.original, dictionary["a"]]
    }
    #expect(exchange(1, 2) == [0, nil, nil])
    #expect(exchange(nil, 1) == [1, nil, 1])
    #expect(exchange(nil, 2) == [0, 1, 1])
    #expect(exchange(1, 3) == [1, 1, 3])
    #expect(exchange(3, nil) == [1, 3, nil])
  }

  @Test("a merge combines old and new values; an error keeps what was taken in before")
  func merge() {
    let dictionary: ThreadSafeDictionary = ["a": 1, "b": 2]
    dictionary.merge(["b": 3, "c": 4]) { $0 * 10 + $1 }
    #expect(dictionary.snapshot() == ["a": 1, "b": 23, "c": 4])
    #expect(throws: Refused()) { try dictionary.merge(["a": 5]) { _, _ in throw Refused() } }
    #expect(dictionary.snapshot() == ["a": 1, "b": 23, "c": 4])
  }

  @Test("everything can be removed, and the dictionary used on")
  func removeAll() {
    let dictionary = ThreadSafeDictionary((0..<100).reduce(into: [:]) { $0[$1] = $1 })
    dictionary.removeAll(keepingCapacity: true)
    #expect(dictionary.isEmpty)
    dictionary[1] = 1
    dictionary.removeAll()
    #expect(dictionary.count == 0 && dictionary[1] == nil)
  }

  @Test("a snapshot is one instant of all shards", arguments: [1, 2])
  func consistentSnapshot(seed: UInt64) async throws {
    // Writers move one coin from key to key by merges, which are one step: each snapshot has all coins.
    let dictionary = ThreadSafeDictionary((0..<16).reduce(into: [:]) { $0[$1] = 10 }, shards: 8)
    let isDone = Event()
    async let writing: Void = onThreads(2) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      while !isDone.isSet {
        let (from, to) = (Int.random(in: 0..<8, using: &generator), Int.random(in: 8..<16, using: &generator))
        dictionary.merge([from: -1, to: 1], uniquingKeysWith: +)
      }
    }
    try await onThread {
      for _ in 0..<100 {
        precondition(dictionary.snapshot().values.reduce(0, +) == 160)
        precondition(dictionary.count == 16)
      }
    }
    isDone.set()
    try await writing
  }

  @Test("keys with the same hash are kept apart")
  func collisions() {
    let dictionary = ThreadSafeDictionary<Collider, Int>(shards: 4)
    for index in 0..<50 { dictionary[Collider(name: String(index))] = index }
    #expect(dictionary.count == 50)
    #expect((0..<50).allSatisfy { dictionary[Collider(name: String($0))] == $0 })
  }

  @Test("threads and tasks insert and remove at once, and what they leave is there", arguments: [1, 2])
  func stress(seed: UInt64) async throws {
    let dictionary = ThreadSafeDictionary<Int, Int>()
    async let threads: Void = onThreads(4) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      Self.use(dictionary, own: index, &generator)
    }
    await withTaskGroup { group in
      for index in 4..<8 {
        group.addTask {
          var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
          Self.use(dictionary, own: index, &generator)
        }
      }
    }
    try await threads
    #expect(dictionary.count == 8 * 50, "seed \(seed)")
    #expect(dictionary.snapshot().allSatisfy { $0.key == $0.value }, "seed \(seed)")
  }

  /// Inserts a hundred keys of its own, in some order, and removes half of them again.
  private static func use(
    _ dictionary: ThreadSafeDictionary<Int, Int>, own: Int, _ generator: inout SeededGenerator
  ) {
    let keys = (0..<100).map { $0 * 8 + own }.shuffled(using: &generator)
    for key in keys {
      precondition(dictionary.updateValue(key, forKey: key) == nil)
    }
    for key in keys.prefix(50) { precondition(dictionary.removeValue(forKey: key) == key) }
  }
}

@Suite("ThreadSafeDictionary, misused")
struct ThreadSafeDictionaryContractTests {
  @Test("a number of shards that is no power of two, or out of range, traps", arguments: [0, -1, 3, 131_072])
  func badShards(count: Int) async throws {
    let result = try await #require(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [count] in
      _ = ThreadSafeDictionary<Int, Int>(shards: count, name: "prices")
    }
    expectMessage(result, "ThreadSafeDictionary prices can not have \(count) shards")
  }

  @Test("a closure that uses the dictionary again traps, with its name")
  func reentry() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let dictionary = ThreadSafeDictionary<Int, Int>(shards: 1, name: "prices")
      _ = dictionary.value(forKey: 1, orInsert: { dictionary[2] ?? 0 })
    }
    expectMessage(result, "ThreadSafeDictionary prices is taken again by the thread that holds it")
    await #expect(processExitsWith: .failure) {
      let dictionary = ThreadSafeDictionary<Int, Int>(shards: 1)
      dictionary.update(1) { _ in dictionary.removeAll() }
    }
  }

  @Test("what is replaced or removed ends after the lock, so that its end may use the dictionary")
  func endsOutside() {
    final class Entry: Sendable {
      let dictionary: ThreadSafeDictionary<Int, Entry>
      let ends: Lock<Int>
      init(_ dictionary: ThreadSafeDictionary<Int, Entry>, _ ends: Lock<Int>) {
        self.dictionary = dictionary
        self.ends = ends
      }
      deinit {
        ends.withLock { $0 += 1 }
        _ = dictionary.count
      }
    }
    let (dictionary, ends) = (ThreadSafeDictionary<Int, Entry>(shards: 1), Lock(0))
    for _ in 0..<2 { dictionary[1] = Entry(dictionary, ends) }
    dictionary[1] = nil
    dictionary[2] = Entry(dictionary, ends)
    dictionary.removeAll()
    #expect(ends.withLock { $0 } == 3)
    dictionary[3] = Entry(dictionary, ends)
    dictionary.removeValue(forKey: 3)
    #expect(ends.withLock { $0 } == 4)
  }
}
