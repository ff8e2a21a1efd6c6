import Foundation
import SkeinJobs
import Testing

@Suite("JobLife")
struct JobLifeTests {
  static let now = Date(timeIntervalSince1970: 1_000_000)
  static let later = now.addingTimeInterval(60)

  static let events: [JobLife.Event] = [
    .released(now: now), .due, .claimed, .succeeded, .failed(retryAt: later, now: now), .gaveUp(.exhausted),
    .stopped,
    .handedBack(started: true), .handedBack(started: false), .crashed(started: true),
    .crashed(started: false),
    .cancelled, .expired, .retried(isWaiting: false), .retried(isWaiting: true),
  ]

  /// The rows of the table: which state follows. What is not here is refused.
  static func next(_ state: JobState, _ event: JobLife.Event) -> JobState? {
    switch (state, event) {
    case (.waiting, .released): .ready
    case (.scheduled, .due): .ready
    case (.ready, .claimed): .running
    case (.running, .succeeded): .succeeded
    case (.running, .failed): .scheduled
    case (.running, .gaveUp): .failed
    case (.running, .stopped): .cancelled
    case (.running, .handedBack), (.running, .crashed): .ready
    case (.running, .cancelled): .running
    case (.waiting, .cancelled), (.scheduled, .cancelled), (.ready, .cancelled): .cancelled
    case (.waiting, .expired), (.scheduled, .expired), (.ready, .expired): .expired
    case (.failed, .retried(let isWaiting)), (.cancelled, .retried(let isWaiting)),
      (.expired, .retried(let isWaiting)):
      isWaiting ? .waiting : .ready
    default: nil
    }
  }

  private func life(in state: JobState) -> JobLife {
    var life = JobLife(runAt: Self.now, now: Self.now)
    life.state = state
    life.attempts = 1
    life.deliveries = 2
    return life
  }

  @Test("every event in every state does what the table says, or is refused and changes nothing")
  func table() {
    for state in JobState.allCases {
      for event in Self.events {
        let before = life(in: state)
        var after = before
        let isTaken = after.apply(event)
        if let next = Self.next(state, event) {
          #expect(isTaken, "\(state) \(event)")
          #expect(after.state == next, "\(state) \(event)")
        } else {
          #expect(!isTaken, "\(state) \(event)")
          #expect(after == before, "\(state) \(event)")
        }
      }
    }
  }

  @Test("a new job is ready, scheduled or waiting by its time and its dependencies")
  func new() {
    #expect(JobLife(runAt: Self.now, now: Self.now).state == .ready)
    #expect(JobLife(runAt: Self.later, now: Self.now).state == .scheduled)
    #expect(JobLife(runAt: Self.now, now: Self.now, isWaiting: true).state == .waiting)
    var waiting = JobLife(runAt: Self.later, now: Self.now, isWaiting: true)
    _ = waiting.apply(.released(now: Self.now))
    #expect(waiting.state == .scheduled)
  }

  @Test("a claim counts as a delivery, not as an attempt")
  func claimCounts() {
    var life = JobLife(runAt: Self.now, now: Self.now)
    _ = life.apply(.claimed)
    _ = life.apply(.handedBack(started: false))
    #expect((life.deliveries, life.attempts, life.failures) == (1, 0, 0))
    _ = life.apply(.claimed)
    _ = life.apply(.handedBack(started: true))
    #expect((life.deliveries, life.attempts, life.failures) == (2, 1, 0))
  }

  @Test("a retry that is due at once is ready, not scheduled")
  func immediateRetry() {
    var life = life(in: .running)
    _ = life.apply(.failed(retryAt: Self.now, now: Self.now))
    #expect(life.state == .ready)
    #expect((life.attempts, life.failures) == (2, 1))
  }

  @Test("after a request to cancel, success still counts, and every other end is a cancellation")
  func cancelRequested() {
    let ends: [(JobLife.Event, JobState)] = [
      (.succeeded, .succeeded), (.failed(retryAt: Self.later, now: Self.now), .cancelled),
      (.gaveUp(.permanent), .cancelled), (.stopped, .cancelled), (.handedBack(started: true), .cancelled),
      (.handedBack(started: false), .cancelled), (.crashed(started: true), .cancelled),
      (.crashed(started: false), .cancelled),
    ]
    for (event, state) in ends {
      var life = life(in: .running)
      _ = life.apply(.cancelled)
      #expect(life.isCancelRequested)
      _ = life.apply(event)
      #expect(life.state == state, "\(event)")
      #expect(!life.isCancelRequested, "\(event)")
    }
  }

  @Test("a job whose worker dies is a suspect, and poisoned the third time")
  func poison() {
    var life = JobLife(runAt: Self.now, now: Self.now)
    for crash in 1...JobLife.crashLimit {
      _ = life.apply(.claimed)
      _ = life.apply(.crashed(started: true))
      #expect(life.crashes == crash)
      #expect(life.attempts == crash)
      #expect(life.isSuspect == (crash < JobLife.crashLimit))
    }
    #expect(life.state == .failed)
    #expect(life.reason == .poisoned)
  }

  @Test("a worker that dies before the start of an attempt leaves no mark on the job")
  func unstartedCrash() {
    var life = JobLife(runAt: Self.now, now: Self.now)
    for _ in 0..<10 {
      _ = life.apply(.claimed)
      _ = life.apply(.crashed(started: false))
    }
    #expect(life.state == .ready)
    #expect((life.crashes, life.attempts, life.deliveries, life.isSuspect) == (0, 0, 10, false))
  }

  @Test("a manual retry starts with a clean record but goes on counting attempts")
  func manualRetry() {
    var life = life(in: .running)
    _ = life.apply(.gaveUp(.timeLimit))
    #expect(life.reason == .timeLimit)
    _ = life.apply(.retried(isWaiting: false))
    #expect(life.state == .ready)
    #expect(life.reason == nil)
    #expect((life.failures, life.crashes, life.attempts) == (0, 0, 2))
  }
}
