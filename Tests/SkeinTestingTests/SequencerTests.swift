import SkeinSync
import SkeinTesting
import Testing

@Suite("Sequencer")
struct SequencerTests {
  private let sequence = Sequencer()

  @Test("points are passed in the order of their numbers, by tasks and threads", arguments: [true, false])
  func order(isAscending: Bool) async throws {
    let (sequence, log) = (sequence, Lock<[Int]>([]))
    try await withThrowingTaskGroup { group in
      for number in isAscending ? Array(0..<10) : (0..<10).reversed() {
        @Sendable func record() { log.withLock { $0.append(number) } }
        group.addTask {
          guard number % 2 == 0 else {
            return try await onThread {
              try sequence.point(2 * number)
              record()
              try sequence.point(2 * number + 1)
            }
          }
          try await sequence.point(2 * number)
          record()
          try await sequence.point(2 * number + 1)
        }
      }
      try await group.waitForAll()
    }
    #expect(log.withLock { $0 } == Array(0..<10))
    #expect(sequence.nextPoint == 20)
    try sequence.checkPassed(count: 20)
  }

  @Test("a point that is used twice is an error, whether it waits or has been passed")
  func usedTwice() async throws {
    let sequence = sequence
    try await sequence.point(0)
    await #expect(throws: SequencerError.usedTwice(0)) { try await sequence.point(0) }
    let waiting = Task { try await sequence.point(2) }
    try await eventually("point 2 is taken") { sequence.waitingPoints == [2] }
    await #expect(throws: SequencerError.usedTwice(2)) { try await sequence.point(2) }
    try await sequence.point(1)
    try await waiting.value
  }

  @Test("points that nobody reaches are named when the limit is over, and the sequence is broken")
  func missing() async throws {
    let sequence = sequence
    try await sequence.point(0)
    let waiting = Task { try await onThread { try sequence.point(3) } }
    try await eventually("point 3 is taken") { sequence.waitingPoints == [3] }
    let late = SequencerError.missing([1, 2], before: 4, limit: .milliseconds(1))
    await #expect(throws: late) { try await sequence.point(4, limit: .milliseconds(1)) }
    #expect(
      late.description == "sequence point 4 has waited 0.001 seconds for points 1, 2, which nobody reached")
    await #expect(throws: SequencerError.broken(3, by: 4)) { try await waiting.value }
    await #expect(throws: SequencerError.broken(1, by: 4)) { try await sequence.point(1) }
  }

  @Test("a cancellation breaks the sequence for all others")
  func cancellation() async throws {
    let sequence = sequence
    let victim = Task { try await sequence.point(1) }
    let later = Task { try await sequence.point(2) }
    try await eventually("both wait") { sequence.waitingPoints == [1, 2] }
    victim.cancel()
    await #expect(throws: SequencerError.cancelled(1)) { try await victim.value }
    await #expect(throws: SequencerError.broken(2, by: 1)) { try await later.value }
    await #expect(throws: SequencerError.broken(0, by: 1)) { try await sequence.point(0) }
  }

  @Test("a task that is cancelled passes a point whose turn has come")
  func cancelledInTurn() async throws {
    let sequence = sequence
    try await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await sequence.point(0)
    }.value
    #expect(sequence.nextPoint == 1)
  }

  @Test("what was not passed at the end is named")
  func unfinished() async throws {
    try await sequence.point(0)
    let error = #expect(throws: SequencerError.unfinished([1, 2])) { try sequence.checkPassed(count: 3) }
    #expect(error?.description == "the sequence has ended without points 1, 2")
    try sequence.checkPassed(count: 1)
  }

  @Test("a negative point traps")
  func negative() async {
    await #expect(processExitsWith: .failure) { try await Sequencer().point(-1) }
  }

  @Test("every cancellation breaks the sequence for others, and none leaves anybody waiting")
  func sweep() async throws {
    try await sweepCancellations(
      makeScenario: { Sequencer() },
      victim: { try await $0.point(1) },
      others: [{ try? await $0.point(2) }, { try? await $0.point(0) }]
    ) { sequence, run in
      switch run.error as? SequencerError {
      case nil: #expect(sequence.nextPoint == 3, "\(run)")
      case .cancelled(1): #expect(sequence.nextPoint < 2, "\(run)")
      case let other?: Issue.record("\(other): \(run)")
      }
    }
  }
}
