internal import SkeinSync

/// One run of a cancellation sweep: a scenario, and the tasks at work on it.
struct SweepStage<Scenario: Sendable, Success: Sendable> {
  let scenario: Scenario
  private let moment: SweepMoment
  private let stepLimit: Int
  private let executor: ManualTaskExecutor
  private let victim: Player<Success>
  private let others: [Player<Void>]

  /// A task with what has become of it.
  private struct Player<Value: Sendable> {
    let task: Task<Void, any Error>
    let result: Lock<Result<Value, any Error>?>

    var isFinished: Bool { result.withLock { $0 != nil } }
  }

  init(
    _ scenario: Scenario, moment: SweepMoment, stepLimit: Int,
    victim: @escaping @Sendable (Scenario) async throws -> Success,
    others: [@Sendable (Scenario) async throws -> Void]
  ) {
    let executor = ManualTaskExecutor(order: moment.order)
    self.scenario = scenario
    self.moment = moment
    self.stepLimit = stepLimit
    self.executor = executor
    self.others = others.map { Self.start($0, on: executor, scenario) }
    self.victim = Self.start(victim, on: executor, scenario)
  }

  private static func start<Value>(
    _ body: @escaping @Sendable (Scenario) async throws -> Value, on executor: ManualTaskExecutor,
    _ scenario: Scenario
  ) -> Player<Value> {
    let result = Lock<Result<Value, any Error>?>(nil)
    let task = executor.start {
      do {
        let value = try await body(scenario)
        result.withLock { $0 = .success(value) }
      } catch {
        result.withLock { $0 = .failure(error) }
      }
    }
    return Player(task: task, result: result)
  }

  /// Runs to the end, with the cancellation at its moment.
  func perform(whenIdle: (Scenario) -> Bool) throws(SweepFailure) -> SweepRun<Success> {
    var steps = 0
    while true {
      if steps == moment.cancelledAfter { victim.task.cancel() }
      guard executor.runNext() || (!isFinished && whenIdle(scenario)) else { break }
      steps += 1
      guard steps <= stepLimit else { throw abandon(.endless(stepLimit: stepLimit)) }
    }
    guard isFinished else { throw abandon(.hangs(unfinished: unfinished)) }
    try rejectFailedOthers()
    return SweepRun(
      cancelledAfter: moment.cancelledAfter, steps: steps, order: moment.order,
      outcome: victim.result.withLock { $0! })
  }

  private var isFinished: Bool { victim.isFinished && others.allSatisfy(\.isFinished) }

  private var unfinished: [String] {
    (victim.isFinished ? [] : ["the victim"])
      + others.indices.filter { !others[$0].isFinished }.map { "other \($0)" }
  }

  private func rejectFailedOthers() throws(SweepFailure) {
    for (index, other) in others.enumerated() {
      if case .failure(let error)? = other.result.withLock({ $0 }) {
        throw SweepFailure(moment, .otherFailed(index: index, error))
      }
    }
  }

  /// Ends the tasks of a run that failed, as far as a cancellation does.
  private func abandon(_ reason: SweepFailure.Reason) -> SweepFailure {
    victim.task.cancel()
    for other in others { other.task.cancel() }
    for _ in 0..<stepLimit where !executor.runNext() { break }
    return SweepFailure(moment, reason)
  }
}
