import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinDiagnostics

/// A watch, with what it reported.
private struct Watched {
  let reports = Lock<[LockOrderInversion]>([])
  let watch: LockWatch

  init() { watch = LockWatch { [reports] inversion in reports.withLock { $0.append(inversion) } } }

  var texts: [String] { reports.withLock { $0.map(\.description) } }

  /// Takes the locks one inside the other, then leaves them.
  func nest(_ locks: NamedLock..., line: UInt = 1) {
    for (index, lock) in locks.enumerated() {
      let place = SourcePlace("Test/Use.swift", line + UInt(index))
      watch.willAcquire(lock, at: place)
      watch.didAcquire(lock, at: place)
    }
    for lock in locks.reversed() { watch.didRelease(lock) }
  }
}

@Suite("Lock order")
struct LockOrderTests {
  @Test("two orders of two locks are reported once, with all four places")
  func inversion() async throws {
    try await onThread {
      let (watched, a, b) = (Watched(), NamedLock("a"), NamedLock("b"))
      watched.nest(a, b, line: 10)
      #expect(watched.texts.isEmpty)
      for _ in 0..<3 { watched.nest(b, a, line: 20) }
      let text = try #require(watched.texts.first)
      #expect(watched.texts.count == 1)
      for place in ["Use.swift:10", "Use.swift:11", "Use.swift:20", "Use.swift:21", "Lock “a”", "Lock “b”"] {
        #expect(text.contains(place), "\(text)")
      }
    }
  }

  @Test("one order, however often, is none")
  func oneOrder() async throws {
    try await onThread {
      let (watched, a, b, c) = (Watched(), NamedLock("a"), NamedLock("b"), NamedLock("c"))
      for _ in 0..<3 {
        watched.nest(a, b, c)
        watched.nest(a, c)
        watched.nest(b, c)
        watched.nest(c)
      }
      #expect(watched.texts.isEmpty)
    }
  }

  @Test("a circle over three locks is found, though no two of them contradict each other")
  func longCircle() async throws {
    try await onThread {
      let (watched, a, b, c) = (Watched(), NamedLock("a"), NamedLock("b"), NamedLock("c"))
      watched.nest(a, b, line: 10)
      watched.nest(b, c, line: 20)
      watched.nest(c, a, line: 30)
      #expect(watched.reports.withLock { $0.map(\.steps.count) } == [3])
    }
  }

  @Test("locks with one name are one class, and those without one made at one place")
  func classes() async throws {
    try await onThread {
      let watched = Watched()
      watched.nest(NamedLock("a"), NamedLock(nil, line: 5))
      watched.nest(NamedLock(nil, line: 5), NamedLock("a"))
      #expect(watched.texts.count == 1)
      #expect(watched.texts[0].contains("Lock made at Test/Made.swift:5"))
      let other = Watched()
      other.nest(NamedLock("a", kind: "Lock"), NamedLock("b"))
      other.nest(NamedLock("b"), NamedLock("a", kind: "RecursiveLock"))
      #expect(other.texts.isEmpty)
    }
  }

  @Test("two locks of one class contradict each other in both orders of their addresses only")
  func sameClass() async throws {
    try await onThread {
      let watched = Watched()
      let accounts = (0..<5).map { _ in NamedLock("account") }.sorted {
        UInt(bitPattern: ObjectIdentifier($0)) < UInt(bitPattern: ObjectIdentifier($1))
      }
      watched.nest(accounts[0], accounts[1])
      watched.nest(accounts[1], accounts[4])
      watched.nest(accounts[2], accounts[3])
      #expect(watched.texts.isEmpty)
      watched.nest(accounts[3], accounts[0])
      watched.nest(accounts[4], accounts[0])
      #expect(watched.texts.count == 1)
      #expect(watched.texts[0].contains("Both orders of two locks of one kind"))
    }
  }

  @Test("a lock that is taken again by its holder is in no order")
  func reentry() async throws {
    try await onThread {
      let (watched, a, b) = (Watched(), NamedLock("a", kind: "RecursiveLock"), NamedLock("b"))
      watched.nest(a, b, a, line: 10)
      #expect(watched.texts.isEmpty)
      #expect(HeldLocks.current.count == 0)
    }
  }

  @Test("what is held in a thread says nothing about what another one takes")
  func threads() async throws {
    let (watched, a, b) = (Watched(), NamedLock("a"), NamedLock("b"))
    try await onThread { watched.nest(a, b) }
    try await onThread {
      watched.watch.didAcquire(b, at: SourcePlace())
      try? blockingRun { watched.nest(a) }
      watched.watch.didRelease(b)
    }
    #expect(watched.texts.isEmpty)
  }

  /// Runs `body` on another thread while the calling one waits.
  private func blockingRun(_ body: @escaping @Sendable () -> Void) throws {
    let end = Event()
    startDetachedThread(name: "other") {
      body()
      end.set()
    }
    try end.wait()
  }

  @Test("random nestings along one order are clean, and one against it is found", arguments: [1, 2, 3, 4])
  func random(seed: UInt64) async throws {
    try await onThread {
      var generator = SeededGenerator(seed: seed)
      let watched = Watched()
      let locks = (0..<12).map { NamedLock("lock-\($0)") }
      for _ in 0..<500 {
        let chosen = locks.indices.filter { _ in Bool.random(using: &generator) }
        for index in chosen {
          watched.watch.willAcquire(locks[index], at: SourcePlace())
          watched.watch.didAcquire(locks[index], at: SourcePlace())
        }
        // Left in any order.
        for index in chosen.shuffled(using: &generator) { watched.watch.didRelease(locks[index]) }
        #expect(HeldLocks.current.count == 0)
      }
      #expect(watched.texts.isEmpty)
      watched.nest(locks[11], locks[0])
      #expect(watched.texts.count == 1)
    }
  }

  @Test("more edges than the table of known ones has places for are still told once each")
  func tableOverflow() async throws {
    try await onThread {
      let watched = Watched()
      let (outer, inner) = ((0..<100).map { NamedLock("o\($0)") }, (0..<100).map { NamedLock("i\($0)") })
      for _ in 0..<2 {
        for first in outer { for second in inner { watched.nest(first, second) } }
      }
      #expect(watched.texts.isEmpty)
      watched.nest(inner[0], outer[0])
      #expect(watched.texts.count == 1)
    }
  }

  @Test("classes past the limit are not observed, and harm nothing")
  func mostClasses() {
    var graph = LockOrderGraph()
    var last: UInt32 = 0
    for number in 0...LockOrderGraph.mostClasses {
      last = graph.orderClass(of: ObjectIdentity("Lock", name: "\(number)", place: SourcePlace()))
    }
    #expect(last == LockOrderGraph.unobserved)
    #expect(graph.orderClass(of: ObjectIdentity("Lock", name: "0", place: SourcePlace())) == 1)
  }
}
