import SkeinAsync
import SkeinSync
import SkeinTesting
import Testing

@Suite("TaskDeadline")
struct TaskDeadlineTests {
  let clock = ManualClock()

  @Test("there is none outside of a timeout")
  func none() {
    #expect(TaskDeadline.current == nil)
  }

  @Test("the body reads how much time is left")
  func remaining() async throws {
    try await withTimeout(.seconds(10), clock: clock) {
      #expect(TaskDeadline.current?.timeout == .seconds(10))
      clock.advance(by: .seconds(4))
      #expect(TaskDeadline.current?.remaining == .seconds(6))
      async let child = TaskDeadline.current?.remaining
      #expect(await child == .seconds(6))
    }
    #expect(TaskDeadline.current == nil)
  }

  @Test("an inner deadline is the current one if it is nearer", arguments: [(5, 5), (20, 10)])
  func nested(inner: Int, nearest: Int) async throws {
    try await withTimeout(.seconds(10), clock: clock) {
      try await withTimeout(.seconds(inner), clock: clock) {
        #expect(TaskDeadline.current?.remaining == .seconds(nearest))
      }
      #expect(TaskDeadline.current?.remaining == .seconds(10))
    }
  }

  @Test("deadlines on different clocks are compared by the time that is left")
  func differentClocks() async throws {
    try await withTimeout(.seconds(10), clock: clock) {
      try await withTimeout(.seconds(1000)) {
        #expect(TaskDeadline.current?.remaining == .seconds(10))
      }
    }
  }
}
