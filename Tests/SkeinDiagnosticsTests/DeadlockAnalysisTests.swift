import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinDiagnostics

@Suite("Deadlock analysis")
struct DeadlockAnalysisTests {
  private let a = Scene.thread(1)
  private let b = Scene.thread(2)
  private let c = Scene.thread(3)
  private let d = Scene.thread(4)

  @Test("nothing that waits is no deadlock")
  func empty() {
    #expect(Scene().deadlocks.isEmpty)
  }

  // MARK: Certain

  @Test("two threads that hold what the other one wants are a certain deadlock")
  func twoLocks() throws {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [b])
    scene.wait(b, for: 20, heldBy: [a])
    let deadlock = try #require(scene.deadlocks.first)
    #expect(scene.deadlocks.count == 1)
    #expect(deadlock.certainty == .certain)
    #expect(deadlock.parties == [a, b])
    #expect(deadlock.objects.map(\.name) == ["object-10", "object-20"])
    #expect(deadlock.links.map(\.holder.party) == [b, a])
    #expect(deadlock.links.allSatisfy { !$0.isAssumed })
  }

  @Test("a circle of any length is found, once", arguments: [1, 3, 7, 100])
  func longCircle(length: UInt64) {
    var scene = Scene()
    for id in 0..<length {
      scene.wait(Scene.task(id), for: UInt(id), heldBy: [Scene.task((id + 1) % length)])
    }
    #expect(scene.deadlocks.count == 1)
    #expect(scene.certain.first?.ids == Set(0..<length))
  }

  @Test(
    "a writer that waits for readers, with others that wait for it, is not stuck", arguments: [false, true])
  func busyReadWriteLock(isWriterFirst: Bool) {
    var scene = Scene()
    if isWriterFirst { scene.wait(a, for: 10, heldBy: [b]) }
    scene.wait(c, for: 10, heldBy: [a])
    if !isWriterFirst { scene.wait(a, for: 10, heldBy: [b]) }
    #expect(scene.deadlocks.isEmpty)
    // The reader inside waits for what the one behind the writer holds.
    scene.wait(b, for: 20, heldBy: [c])
    #expect(scene.certain.first?.ids == [1, 2, 3])
  }

  @Test("who waits for somebody that runs is not stuck, nor who waits behind")
  func chain() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [b])
    scene.wait(b, for: 20, heldBy: [c])
    #expect(scene.deadlocks.isEmpty)
    #expect(scene.stuck.isEmpty)
  }

  @Test("who queues up behind a circle is stuck, but no part of the circle")
  func behindCircle() {
    var scene = Scene()
    scene.wait(c, for: 10, heldBy: [b])
    scene.wait(a, for: 10, heldBy: [b])
    scene.wait(b, for: 20, heldBy: [a])
    scene.wait(d, for: 30, heldBy: [c])
    #expect(scene.deadlocks.count == 1)
    #expect(scene.certain.first?.ids == [1, 2])
    #expect(scene.stuck == [1, 2, 3, 4])
  }

  @Test("who waits for what they hold themselves waits for ever")
  func selfWait() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [a])
    #expect(scene.certain.map(\.parties) == [[a]])
  }

  @Test("a lock that is free at this instant keeps nobody")
  func noHolders() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [])
    scene.wait(b, for: 20, heldBy: [a])
    #expect(scene.deadlocks.isEmpty)
  }

  @Test("two circles without a connection are both reported")
  func twoCircles() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [b])
    scene.wait(b, for: 20, heldBy: [a])
    scene.wait(c, for: 30, heldBy: [d])
    scene.wait(d, for: 40, heldBy: [c])
    #expect(Set(scene.certain.map(\.ids)) == [[1, 2], [3, 4]])
  }

  @Test("of a short and a long circle through the same parties, the short one is reported")
  func shortest() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [b])
    scene.wait(b, for: 20, heldBy: [c, a])
    scene.wait(c, for: 30, heldBy: [d])
    scene.wait(d, for: 40, heldBy: [a])
    // The long one follows, because it alone has the other two.
    #expect(scene.certain.map(\.ids) == [[1, 2], [1, 2, 3, 4]])
  }

  // MARK: All of them, one of them

  @Test("a writer is stuck as soon as one of the readers is")
  func readersAndWriter() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [b, c])
    scene.wait(b, for: 20, heldBy: [a])
    #expect(scene.certain.first?.ids == [1, 2])
    #expect(scene.stuck == [1, 2])
  }

  @Test("a reader that wants to write waits for itself")
  func upgrade() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [a, b], purpose: "to write")
    #expect(scene.certain.map(\.parties) == [[a]])
  }

  @Test("one borrower that runs keeps a limiter alive")
  func limiterWithLiveBorrower() {
    var scene = Scene()
    scene.wait(a, for: 10, heldByAnyOf: [b, c])
    scene.wait(b, for: 20, heldBy: [a])
    #expect(scene.deadlocks.isEmpty)
    scene.wait(c, for: 20, heldBy: [a])
    #expect(scene.certain.first.map { $0.ids.isSubset(of: [1, 2, 3]) } == true)
    #expect(scene.stuck == [1, 2, 3])
  }

  @Test("a limiter that nobody borrows from keeps nobody")
  func idleLimiter() {
    var scene = Scene()
    scene.wait(a, for: 10, heldByAnyOf: [])
    scene.wait(b, for: 20, heldBy: [a])
    #expect(scene.deadlocks.isEmpty)
  }

  @Test("borrowers who all want one more are stuck")
  func limiterAgainstItself() {
    var scene = Scene()
    scene.wait(a, for: 10, heldByAnyOf: [a, b])
    scene.wait(b, for: 10, heldByAnyOf: [a, b])
    #expect(scene.stuck == [1, 2])
    #expect(!scene.certain.isEmpty)
  }

  @Test("who waits for several things at once has a way out if one of them can come")
  func select() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [b])
    scene.wait(b, for: 20, heldBy: [a])
    scene.wait(a, forUnowned: 30)
    #expect(scene.deadlocks.isEmpty)
    var stuck = Scene()
    stuck.wait(a, for: 10, heldBy: [b])
    stuck.wait(a, for: 11, heldBy: [b])
    stuck.wait(b, for: 20, heldBy: [a])
    #expect(stuck.certain.map(\.ids) == [[1, 2]])
  }

  // MARK: Threads that run tasks

  @Test("a task that holds and the thread that runs it and waits are one")
  func runningTask() {
    var scene = Scene()
    scene.wait(a, running: Scene.task(100), for: 10, heldBy: [b])
    scene.wait(b, for: 20, heldBy: [Scene.task(100)])
    #expect(scene.certain.map(\.parties) == [[a, b]])
  }

  @Test("that also holds when the task was seen before its thread, and when the thread itself holds")
  func aliasOrder() {
    var scene = Scene()
    scene.wait(b, for: 20, heldBy: [Scene.task(100), a])
    scene.wait(c, for: 30, heldBy: [a])
    scene.wait(a, running: Scene.task(100), for: 10, heldBy: [b])
    #expect(scene.certain.map(\.ids) == [[1, 2]])
    #expect(scene.stuck == [1, 2, 3])
  }

  @Test("a thread and a task with one number are two")
  func kinds() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [Scene.task(2)])
    scene.wait(b, for: 20, heldBy: [a])
    #expect(scene.deadlocks.isEmpty)
  }

  // MARK: Likely

  @Test("a deadline in the circle makes it likely, never certain", arguments: [true, false])
  func timed(isFirst: Bool) {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [b], isTimed: isFirst)
    scene.wait(b, for: 20, heldBy: [a], isTimed: !isFirst)
    #expect(scene.certain.isEmpty)
    #expect(scene.likely.map(\.ids) == [[1, 2]])
    #expect(scene.stuck.isEmpty)
  }

  @Test("waits for what nobody owns are no deadlock while nothing is known of its use")
  func unknownHolders() {
    var scene = Scene()
    scene.wait(a, forUnowned: 10)
    scene.wait(b, for: 20, heldBy: [a])
    #expect(scene.deadlocks.isEmpty)
  }

  @Test("who took the permits is likely the one who is waited for")
  func permits() {
    var scene = Scene()
    scene.wait(a, forUnowned: 10, purpose: "for 1 permit")
    scene.wait(b, forUnowned: 20, purpose: "for 1 permit")
    scene.uses = [10: RecentUses(permitHolders: [b]), 20: RecentUses(permitHolders: [a])]
    #expect(scene.certain.isEmpty)
    #expect(scene.likely.map(\.parties) == [[a, b]])
    #expect(scene.likely.first?.links.allSatisfy(\.isAssumed) == true)
    scene.uses[10]?.permitHolders.append(c)
    #expect(scene.deadlocks.isEmpty)
  }

  @Test("who waits to get waits for those who put, and the other way round")
  func queues() {
    // A pipeline's faulty end: the consumer waits for an item of the one, the producer for room in the other.
    var scene = Scene()
    scene.wait(a, forUnowned: 10, purpose: "to put")
    scene.wait(b, forUnowned: 20, purpose: "to get")
    scene.uses = [
      10: RecentUses(putters: [a], getters: [b]),
      20: RecentUses(putters: [a], getters: [b]),
    ]
    #expect(scene.likely.map(\.ids) == [[1, 2]])
    // Had somebody else taken items out of the full one, there would be hope.
    scene.uses[10]?.getters.append(c)
    #expect(scene.deadlocks.isEmpty)
  }

  @Test("one who puts and one who gets at the same queue wait for different things")
  func bothEnds() {
    var scene = Scene()
    scene.wait(a, forUnowned: 10, purpose: "to put")
    scene.wait(b, forUnowned: 10, purpose: "to get")
    scene.uses = [10: RecentUses(putters: [b], getters: [a])]
    #expect(Set(scene.likely.map(\.ids)) == [[1], [2]])
  }

  @Test("a certain circle is not told again as a likely one")
  func certainOnce() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [b])
    scene.wait(b, for: 20, heldBy: [a])
    scene.wait(c, for: 30, heldBy: [a], isTimed: true)
    scene.wait(d, forUnowned: 40)
    scene.uses = [40: RecentUses(permitHolders: [a])]
    #expect(scene.deadlocks.map(\.certainty) == [.certain])
  }

  // MARK: All small cases

  @Test(
    "what remains is what the definition says, in every network of three over three locks", arguments: 0..<4)
  func exhaustive(firstWanted: Int) {
    // Each of three parties waits for one of three locks, or for none; each lock is held by one of them, by
    // two, by nobody, or by an outsider.
    let holders: [[UInt64]] = [[], [0], [1, 2], [9]]
    var wrong: [String] = []
    for waits in 0..<16 {
      let wanted = [firstWanted, waits & 3, waits >> 2]
      for first in holders {
        for second in holders {
          for third in holders where !isAsDefined(wanted, [first, second, third]) {
            wrong.append("\(wanted) \([first, second, third])")
          }
        }
      }
    }
    #expect(wrong == [])
  }

  private func isAsDefined(_ wanted: [Int], _ holders: [[UInt64]]) -> Bool {
    var scene = Scene()
    for (party, lock) in wanted.enumerated() where lock < 3 {
      scene.wait(Scene.thread(UInt64(party)), for: UInt(lock), heldBy: holders[lock].map(Scene.thread))
    }
    // The definition, tried out on all subsets: the union of all sets that keep themselves stuck.
    var expected: Set<UInt64> = []
    for subset in 1..<8 {
      let set = (0..<3).filter { subset >> $0 & 1 == 1 }
      let isClosed = set.allSatisfy { party in
        wanted[party] < 3 && holders[wanted[party]].contains { set.contains(Int($0)) }
      }
      if isClosed { expected.formUnion(set.map(UInt64.init)) }
    }
    let certain = scene.certain
    return scene.stuck == expected && certain.isEmpty == expected.isEmpty
      && certain.allSatisfy { isCircle($0, within: expected) }
  }

  private func isCircle(_ deadlock: Deadlock, within stuck: Set<UInt64>) -> Bool {
    let parties = deadlock.parties
    return deadlock.ids.isSubset(of: stuck)
      && deadlock.links.indices.allSatisfy { index in
        deadlock.links[index].holder.party == parties[(index + 1) % parties.count]
      }
  }

  @Test("many who wait behind one circle are gone through in no time")
  func many() {
    var scene = Scene()
    scene.wait(a, for: 10, heldBy: [b])
    scene.wait(b, for: 20, heldBy: [a])
    for id in 100..<5100 { scene.wait(Scene.task(UInt64(id)), for: UInt(id % 2 == 0 ? 10 : 20), heldBy: []) }
    for index in scene.waits.indices.dropFirst(2) {
      scene.waits[index].object.holders = scene.waits[index % 2].object.holders
    }
    #expect(scene.certain.map(\.ids) == [[1, 2]])
    #expect(scene.stuck.count == 5002)
  }
}
