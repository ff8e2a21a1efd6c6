import SkeinResilience
import SkeinSync
import SkeinTesting
import Testing

@Suite("TokenBucket")
struct TokenBucketTests {
  private let clock = ManualClock()

  private func bucket(_ rate: Int = 10, burst: Int = 1) -> TokenBucket<ManualClock> {
    TokenBucket(rate, per: .seconds(1), burst: burst, clock: clock)
  }

  @Test("a full bucket gives a burst, and then a token as each comes; it holds no more than its burst")
  func burst() throws {
    let bucket = bucket(10, burst: 3)
    #expect(bucket.availableTokens == 3)
    #expect(try (0..<4).map { _ in try bucket.tryAcquire() } == [true, true, true, false])
    clock.advance(by: .milliseconds(99))
    #expect(try !bucket.tryAcquire() && bucket.availableTokens == 0)
    clock.advance(by: .milliseconds(1))
    #expect(try bucket.tryAcquire() && !bucket.tryAcquire())
    clock.advance(by: .seconds(100))
    #expect(bucket.availableTokens == 3)
    #expect(try bucket.tryAcquire(3) && !bucket.tryAcquire())
    #expect(try bucket.delay() == .milliseconds(100) && bucket.delay(for: 3) == .milliseconds(300))
  }

  @Test("more than the bucket holds is refused at once")
  func tooMany() async throws {
    let bucket = bucket(burst: 2)
    let refusal = TokenBucketError.exceedsBurst(tokens: 3, burst: 2)
    #expect(throws: refusal) { try bucket.tryAcquire(3) }
    #expect(throws: refusal) { try bucket.delay(for: 3) }
    await #expect(throws: refusal) { try await bucket.acquire(3) }
    #expect(bucket.availableTokens == 2)
  }

  @Test(
    "who waits gets tokens in the order of asking, each at its instant: tasks and threads",
    arguments: [false, true])
  func order(isThread: Bool) async throws {
    let bucket = bucket()
    #expect(try bucket.tryAcquire())
    let served = Lock<[Int]>([])
    var waits: [Task<Void, any Error>] = []
    for number in 0..<4 {
      waits.append(
        Task {
          if isThread { try await onThread { try bucket.acquire() } } else { try await bucket.acquire() }
          served.withLock { $0.append(number) }
        })
      try await eventually("\(number) waits") { bucket.waiterCount == number + 1 }
    }
    #expect(try !bucket.tryAcquire(), "nobody is overtaken")
    for count in 1...4 {
      clock.advance(by: .milliseconds(99))
      #expect(served.withLock { $0.count } == count - 1)
      clock.advance(by: .milliseconds(1))
      try await eventually("\(count) were served") { served.withLock { $0.count } == count }
    }
    for wait in waits { try await wait.value }
    #expect(served.withLock { $0 } == [0, 1, 2, 3])
  }

  @Test("who would have to wait too long is told at once, and takes nothing", arguments: [false, true])
  func timeout(isThread: Bool) async throws {
    let bucket = bucket(burst: 2)
    #expect(try bucket.tryAcquire(2))
    await #expect(throws: WaitError.timedOut) {
      if isThread {
        try await onThread { try bucket.acquire(timeout: .milliseconds(99)) }
      } else {
        try await bucket.acquire(timeout: .milliseconds(99))
      }
    }
    #expect(try bucket.delay() == .milliseconds(100) && bucket.waiterCount == 0)
    let waiting = Task { try await bucket.acquire(timeout: .milliseconds(100)) }
    try await eventually("it waits") { bucket.waiterCount == 1 }
    clock.advance(by: .milliseconds(100))
    try await waiting.value
  }

  @Test("a cancelled wait gives its tokens back, and those behind it move up")
  func cancelling() async throws {
    let bucket = bucket(burst: 5)
    #expect(try bucket.tryAcquire(5))
    let first = Task { try await bucket.acquire(5) }
    try await eventually("it waits") { bucket.waiterCount == 1 }
    let second = Task { try await bucket.acquire(2) }
    try await eventually("it waits") { bucket.waiterCount == 2 }
    #expect(try bucket.delay() == .milliseconds(800))
    first.cancel()
    await #expect(throws: WaitError.cancelled) { try await first.value }
    #expect(try bucket.delay() == .milliseconds(300))
    clock.advance(by: .milliseconds(200))
    try await second.value
    #expect(bucket.waiterCount == 0)
  }

  @Test("in no span of time more is given than the burst and what came", arguments: 0..<20 as Range<UInt64>)
  func bound(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let burst = Int.random(in: 1...5, using: &random)
    let bucket = bucket(100, burst: burst)
    var (time, grants): (Int, [(time: Int, tokens: Int)]) = (0, [])
    for _ in 0..<500 {
      let step = Int.random(in: 0...15, using: &random)
      clock.advance(by: .milliseconds(step))
      time += step
      let tokens = Int.random(in: 1...burst, using: &random)
      if try bucket.tryAcquire(tokens) { grants.append((time, tokens)) }
    }
    for start in grants.indices {
      var sum = 0
      for grant in grants[start...] {
        sum += grant.tokens
        // A token in ten milliseconds.
        #expect(sum * 10 <= burst * 10 + grant.time - grants[start].time)
      }
    }
    #expect(grants.count > 50)
  }
}
