/// Runs a scenario again and again, and cancels one of its tasks at another moment each time: once at every
/// moment that there is.
///
/// All tasks of a run are on one ``ManualTaskExecutor``, and one job run there is one step. The first run
/// cancels nothing and counts the steps, N; then, for each k from 0 to N, a run with a fresh scenario cancels
/// the victim after k steps and goes on to the end. A cancellation thus comes before the victim has begun,
/// while it waits, between a grant and the moment at which the victim learns of it, and after its end. All
/// of this is done for each of `orders`. Nothing depends on time or chance: a failure repeats.
///
/// ```swift
/// try await sweepCancellations(
///   makeScenario: { Semaphore(permits: 1) },
///   victim: { semaphore in try await semaphore.withPermit { await Task.yield() } },
///   others: [{ semaphore in try await semaphore.withPermit { await Task.yield() } }]
/// ) { semaphore, run in
///   #expect(semaphore.freePermits == 1 && semaphore.waiterCount == 0, "\(run)")
/// }
/// ```
///
/// A scenario is whatever the tasks share, most often the primitive itself or a struct of it and a log. For
/// timed waits it holds a ``ManualClock``, which `whenIdle` moves on: `{ $0.clock.advanceToNext() != nil }`.
/// Whatever the tasks do must stay on the executor: no threads, no `Task {}`, no real clock. A task that must
/// be up before another one yields until it sees that, as in `while s.waiterCount == 0 { await Task.yield() }`
/// — but not for the victim, which a cancellation may keep from ever coming there.
///
/// - Parameters:
///   - orders: in which orders the jobs run; by default in that of their arrival, and in eight random ones.
///   - stepLimit: how many steps a run may take before it counts as endless.
///   - makeScenario: makes what one run works on.
///   - victim: the task that is cancelled. It starts last, so that in the order of arrival it finds the others
///     before it.
///   - others: what runs beside it, in the order in which they start; an error of theirs fails the sweep.
///   - whenIdle: called when nothing is left to run and tasks have not ended: makes something happen, and
///     says whether it did. It counts as a step.
///   - check: called after each run, with everything ended: expects that permits, items and waiters are
///     conserved, and that the victim's outcome is one that may be.
/// - Returns: how many runs there were.
/// - Throws: ``SweepFailure``, which says at which step; the tasks of that run have been cancelled.
@discardableResult
public func sweepCancellations<Scenario: Sendable, Success: Sendable>(
  orders: [ManualTaskExecutor.Order] = [.arrival] + (1...8).map { .random(seed: $0) },
  stepLimit: Int = 10_000,
  makeScenario: () throws -> Scenario,
  victim: @escaping @Sendable (Scenario) async throws -> Success,
  others: [@Sendable (Scenario) async throws -> Void] = [],
  whenIdle: (Scenario) -> Bool = { _ in false },
  check: (Scenario, SweepRun<Success>) async throws -> Void
) async throws -> Int {
  var runs = 0
  for order in orders {
    var steps = 0
    var cancelledAfter: Int?
    repeat {
      let moment = SweepMoment(cancelledAfter: cancelledAfter, order: order)
      let stage = SweepStage(
        try makeScenario(), moment: moment, stepLimit: stepLimit, victim: victim, others: others)
      let run = try stage.perform(whenIdle: whenIdle)
      do { try await check(stage.scenario, run) } catch { throw SweepFailure(moment, .checkFailed(error)) }
      runs += 1
      if cancelledAfter == nil { steps = run.steps }
      cancelledAfter = cancelledAfter.map { $0 + 1 } ?? 0
    } while cancelledAfter! <= steps
  }
  return runs
}
