import Testing

@testable import SkeinCommand

@Suite("What the threads of a command did")
struct ThreadTallyTests {
  private static func key(_ thread: Int32, process: Int32 = 1) -> ThreadTally.Key {
    ThreadTally.Key(process: process, thread: thread)
  }

  /// Computed and queued, in milliseconds.
  private static func used(_ compute: Int, _ queued: Int = 0) -> ThreadTally.Reading {
    ThreadTally.Reading(compute: .milliseconds(compute), queued: .milliseconds(queued))
  }

  private static func share(_ tally: ThreadTally, wall: Int, compute: Int) -> Double {
    (tally.waitShare(wall: .milliseconds(wall), compute: .milliseconds(compute)) * 1000).rounded() / 1000
  }

  @Test("one thread waits when it neither computes nor stands in the queue")
  func oneThread() {
    var tally = ThreadTally()
    tally.look(at: .milliseconds(10), [Self.key(1): Self.used(1)])
    tally.end(at: .milliseconds(1000), [Self.key(1): Self.used(200, 200)])
    #expect(Self.share(tally, wall: 1000, compute: 200) == 0.75)
    #expect(tally.queued == .milliseconds(200) && tally.most == 1)
  }

  @Test("a main thread that waits for its workers does not count")
  func workers() {
    var tally = ThreadTally()
    for time in [10, 1000] {
      tally.look(
        at: .milliseconds(time),
        [Self.key(1): Self.used(0), Self.key(2): Self.used(time), Self.key(3): Self.used(time)])
    }
    #expect(Self.share(tally, wall: 1000, compute: 2000) == 0 && tally.most == 3)
  }

  @Test("threads that compute half of their time wait for the other half, however many")
  func halves() {
    for count in 1...8 {
      var tally = ThreadTally()
      for time in [10, 1000] {
        let readings = (1...count).map { (Self.key(Int32($0)), Self.used(time / 2)) }
        tally.look(at: .milliseconds(time), Dictionary(uniqueKeysWithValues: readings))
      }
      #expect(Self.share(tally, wall: 1000, compute: 500 * count) == 0.5)
    }
  }

  @Test("a thread that begins later has no time before that")
  func lateThread() {
    var tally = ThreadTally()
    tally.look(at: .milliseconds(500), [Self.key(1): Self.used(0)])
    tally.look(at: .milliseconds(800), [Self.key(1): Self.used(0), Self.key(2): Self.used(200)])
    tally.look(at: .milliseconds(1000), [Self.key(1): Self.used(0), Self.key(2): Self.used(400)])
    #expect(Self.share(tally, wall: 1000, compute: 400) == 0)
  }

  @Test("what no look has seen is taken to have been done by one after the other")
  func unseen() {
    let none = ThreadTally()
    #expect(
      Self.share(none, wall: 1000, compute: 1000) == 0 && Self.share(none, wall: 1000, compute: 100) == 0.9)
    #expect(Self.share(none, wall: 1000, compute: 1900) == 0 && none.most == 0)
    var tally = ThreadTally()
    tally.look(at: .milliseconds(1000), [Self.key(1): Self.used(100)])
    // 100 ms wait for nine tenths; of the other 100, a fifth of the whole is computing.
    #expect(Self.share(tally, wall: 1000, compute: 200) == 0.85)
  }

  @Test("on a busy machine, what was not seen is taken to have queued as the rest has")
  func unseenQueue() {
    var tally = ThreadTally()
    tally.look(at: .milliseconds(1000), [Self.key(1): Self.used(250, 750)])
    // A quarter of the time computed and three quarters queued, twice: nothing is left for waiting.
    #expect(Self.share(tally, wall: 2000, compute: 500) == 0)
  }

  @Test("a command that does not compute at all only waits; one that took no time does not wait")
  func extremes() {
    var tally = ThreadTally()
    #expect(Self.share(tally, wall: 1000, compute: 0) == 1)
    tally.look(at: .zero, [Self.key(1): Self.used(5)])
    #expect(Self.share(tally, wall: 0, compute: 5) == 0)
  }

  @Test("readings of schedstat are understood, others are none")
  func readings() {
    #expect(
      ThreadTally.Reading("736250 20 1\n") == .init(compute: .nanoseconds(736_250), queued: .nanoseconds(20)))
    #expect(ThreadTally.Reading("") == nil && ThreadTally.Reading("5") == nil)
    #expect(ThreadTally.Reading("many few") == nil)
  }
}
