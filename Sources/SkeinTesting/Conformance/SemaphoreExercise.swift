internal import SkeinSync

/// Puts an implementation of a semaphore through what every semaphore must do: permits are conserved, waiters
/// are served in their order, and every wait can end.
///
/// ```swift
/// try await exerciseSemaphore { SemaphoreUnderTest(Semaphore(permits: $0)) }
/// ```
///
/// - Parameters:
///   - forms: the forms of waiting that the semaphore has. With both, waiters of both kinds stand in one
///     queue.
///   - isFair: whether waiters are served first in, first out.
///   - limit: how much real time each rule may take; generous, for it is reached only when the semaphore is
///     wrong.
///   - only: the one rule to check, in the words of ``ConformanceFailure/rule``; `nil` for all.
///   - makeSemaphore: makes a semaphore with so many free permits.
/// - Throws: ``ConformanceFailure`` for the first rule that is broken; `CancellationError`.
public func exerciseSemaphore<S: ExercisableSemaphore>(
  forms: [WaitingForm] = WaitingForm.allCases, isFair: Bool = true, limit: Duration = .seconds(60),
  only: String? = nil,
  _ makeSemaphore: @escaping @Sendable (_ permits: Int) throws -> S
) async throws {
  let exercise = SemaphoreExercise(forms: forms, isFair: isFair, makeSemaphore: makeSemaphore)
  try await checkRules(of: "the semaphore", exercise.rules, limit: limit, only: only)
}

private struct SemaphoreExercise<S: ExercisableSemaphore>: Sendable {
  let forms: [WaitingForm]
  let isFair: Bool
  let makeSemaphore: @Sendable (Int) throws -> S

  var rules: [Rule] {
    var rules = [
      Rule("permits are taken while there are any, and come back", counting),
      Rule("whoever waits is served by a release", waiting),
      Rule("a timed wait ends without permits, and lets others move up", timeout),
    ]
    if forms.contains(.task) {
      rules += [
        Rule("a cancelled wait ends without permits", cancellation)
      ]
    }
    if isFair {
      rules += [
        Rule("waiters are served first in, first out", order),
        Rule("a small request does not overtake a large one", overtaking),
      ]
    }
    rules += [
      Rule("a close ends every wait, now and later", close),
      Rule("permits are conserved, and never more are in use", conservation),
    ]
    return rules
  }

  @Sendable func counting() async throws {
    let semaphore = try makeSemaphore(3)
    try require(semaphore.freePermits == 3, "3 permits count as \(semaphore.freePermits)")
    try require(semaphore.tryAcquire(2), "2 of 3 permits could not be taken")
    try require(!semaphore.tryAcquire(2), "2 permits were taken when 1 was free")
    try require(semaphore.freePermits == 1, "with 2 of 3 in use, \(semaphore.freePermits) count as free")
    semaphore.release(2)
    try require(semaphore.freePermits == 3, "3 permits came back as \(semaphore.freePermits)")
    for form in forms {
      try await semaphore.acquire(3, as: form)
      try require(semaphore.freePermits == 0, "a \(form) that took all left \(semaphore.freePermits)")
      semaphore.release(3)
    }
  }

  @Sendable func waiting() async throws {
    for form in forms {
      let semaphore = try makeSemaphore(0)
      let waiter = try await semaphore.startAcquiring(2, as: form)
      semaphore.release(1)
      try require(semaphore.waiterCount == 1, "one permit was enough for a \(form) that asked for two")
      semaphore.release(1)
      try await waiter.value
      try require(semaphore.freePermits == 0, "\(semaphore.freePermits) permits are free after a grant")
    }
  }

  @Sendable func timeout() async throws {
    for form in forms {
      let semaphore = try makeSemaphore(1)
      for timeout in [Duration.seconds(-1), .zero, .milliseconds(1)] {
        try await require("a \(form) should have timed out", throws: isTimeout) {
          try await semaphore.acquire(2, timeout: timeout, as: form)
        }
      }
      try require(semaphore.waiterCount == 0, "a \(form) still waits after its timeout")
      try require(semaphore.freePermits == 1, "a \(form)'s timeout changed the free permits")
      try await semaphore.acquire(1, timeout: .zero, as: form)
      semaphore.release(1)
      // Most often the small request finds the large one before it; all of this holds if not.
      let large = Task { try await semaphore.acquire(2, timeout: .milliseconds(5), as: form) }
      await Task.yield()
      try await semaphore.acquire(1, as: form)
      try await require("a \(form) should have timed out", throws: isTimeout) { try await large.value }
    }
  }

  @Sendable func cancellation() async throws {
    let semaphore = try makeSemaphore(1)
    let large = try await semaphore.startAcquiring(2, as: .task)
    let small = try await semaphore.startAcquiring(2, as: .task)
    large.cancel()
    try await require("a cancelled task should have failed", throws: isCancelled) { try await large.value }
    try require(semaphore.freePermits == 1, "a cancelled wait left \(semaphore.freePermits) of 1 permit")
    semaphore.release(1)
    try await small.value
    try require(semaphore.freePermits == 0 && semaphore.waiterCount == 0, "permits or waiters are left over")
  }

  @Sendable func order() async throws {
    let semaphore = try makeSemaphore(0)
    let offer: (Int) -> Bool = { _ in
      semaphore.release(1)
      return true
    }
    try await requireServedInOrder(forms, { semaphore.waiterCount }, offer: offer) { form in
      try await semaphore.acquire(as: form)
    }
  }

  @Sendable func overtaking() async throws {
    for form in forms {
      let semaphore = try makeSemaphore(1)
      let large = try await semaphore.startAcquiring(2, as: form)
      try require(!semaphore.tryAcquire(1), "a try overtook a waiting \(form)")
      let small = try await semaphore.startAcquiring(1, as: form)
      semaphore.release(1)
      try await large.value
      try require(semaphore.waiterCount == 1, "the small request was served too")
      semaphore.release(1)
      try await small.value
    }
  }

  @Sendable func close() async throws {
    for form in forms {
      let semaphore = try makeSemaphore(0)
      let waiter = try await semaphore.startAcquiring(as: form)
      semaphore.close()
      try await require("a \(form) that waited", throws: isClosed) { try await waiter.value }
      try await require("a \(form) that came later", throws: isClosed) {
        try await semaphore.acquire(as: form)
      }
      semaphore.release(1)
      try require(!semaphore.tryAcquire(1), "a closed semaphore gave a permit")
    }
  }

  @Sendable func conservation() async throws {
    let (semaphore, inUse) = (try makeSemaphore(4), Lock((now: 0, most: 0)))
    try await runInTasks(8) { index in
      var generator = SeededGenerator(seed: UInt64(index))
      for round in 0..<25 {
        let count = Int.random(in: 1...4, using: &generator)
        let timeout = Duration.microseconds(Int.random(in: 0...300, using: &generator))
        let form = forms.form(index)
        do {
          try await semaphore.acquire(count, timeout: round % 3 == 0 ? timeout : .seconds(30), as: form)
        } catch  where isTimeout(error) {
          continue
        }
        inUse.withLock { $0 = (now: $0.now + count, most: max($0.most, $0.now + count)) }
        await Task.yield()
        inUse.withLock { $0.now -= count }
        semaphore.release(count)
      }
    }
    let most = inUse.withLock { $0.most }
    try require(most <= 4, "\(most) of 4 permits were in use at once")
    try require(semaphore.freePermits == 4, "of 4 permits, \(semaphore.freePermits) are free at the end")
    try require(semaphore.waiterCount == 0, "\(semaphore.waiterCount) wait at the end")
  }
}
