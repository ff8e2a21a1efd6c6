import SkeinAsync
import SkeinSync
import SkeinTesting
import Testing

@Suite("withTimeout under stress")
struct TimeoutStressTests {
  @Test(
    "value, deadline and cancellation race, and each call ends once and leaves nothing behind",
    arguments: [1, 2, 3])
  func race(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let clock = ManualClock()
    for round in 0..<300 {
      let ready = Event()
      let work = Task {
        try await withTimeout(.seconds(1), clock: clock) {
          try await ready.wait()
          return round
        }
      }
      var moves: [@Sendable () -> Void] = [
        { ready.set() }, { clock.advance(by: .seconds(1)) }, { work.cancel() },
      ]
      moves.shuffle(using: &generator)
      if Bool.random(using: &generator) { try await clock.waitUntilScheduled() }
      await withTaskGroup { group in
        for move in moves { group.addTask { move() } }
      }
      // A set event is always reached by a body that was started; all that may be thrown is one of the two
      // ends.
      switch await work.result {
      case .success(let value): #expect(value == round)
      case .failure(let error): #expect(error is TimeoutError || error as? WaitError == .cancelled)
      }
      #expect(clock.scheduledCount == 0)
    }
  }

  @Test("many short timeouts on the real clock all end")
  func realClock() async throws {
    let timeouts = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<500 {
        group.addTask {
          do {
            try await withTimeout(.microseconds(100 + number)) { try await Event().wait() }
            return false
          } catch is TimeoutError {
            return true
          }
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(timeouts == 500)
  }
}
