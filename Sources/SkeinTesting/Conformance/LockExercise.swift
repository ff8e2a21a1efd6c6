internal import SkeinSync

/// Puts an implementation of a lock for threads through what every lock must do: mutual exclusion, the body's
/// value and error, trying and timed forms, a second take by the holder, and no starvation.
///
/// ```swift
/// try await exerciseLock(reentry: .traps) {
///   let lock = Lock()
///   return LockAdaptor(
///     withLock: { body in try lock.withLock { _ in try body() } },
///     tryLock: { body in try lock.tryLock { _ in try body() } },
///     withLockInTime: { timeout, body in try lock.withLock(timeout: timeout) { _ in try body() } })
/// }
/// ```
///
/// - Parameters:
///   - reentry: what the lock does when its holder takes it again.
///   - limit: how much real time each rule may take; generous, for it is reached only when the lock is wrong.
///   - only: the one rule to check, in the words of ``ConformanceFailure/rule``; `nil` for all.
///   - makeLock: makes a lock that is free.
/// - Throws: ``ConformanceFailure`` for the first rule that is broken; `CancellationError`.
public func exerciseLock(
  reentry: LockReentry, limit: Duration = .seconds(60), only: String? = nil,
  _ makeLock: @escaping @Sendable () throws -> LockAdaptor
) async throws {
  let exercise = LockExercise(reentry: reentry, makeLock: makeLock)
  try await checkRules(of: "the lock", exercise.rules, limit: limit, only: only)
}

private struct LockExercise: Sendable {
  let reentry: LockReentry
  let makeLock: @Sendable () throws -> LockAdaptor

  var rules: [Rule] {
    [
      Rule("it gives the body's value or error, and is free after both", outcome),
      Rule("a try fails while another thread holds the lock", tryWhileHeld),
      Rule("a timed wait ends without the lock when that is not freed", timeout),
      Rule("whoever waits gets the lock once it is freed", handover),
      Rule("a second take by the holder is handled as said (\(reentry))", holderTakesAgain),
      Rule("only one thread is inside at a time", mutualExclusion),
      Rule("a sleeper is served while others take the lock over and over", fairness),
    ]
  }

  @Sendable func outcome() async throws {
    let lock = try makeLock()
    try await onThread {
      for (name, take) in lock.forms {
        try require(take { 42 } == 42, "\(name) did not return the body's value")
        do {
          let value = try take { throw Marker() }
          throw Unmet(message: "\(name) returned \(value as Any) though its body threw")
        } catch is Marker {}
        try require(lock.tryLock { 1 } == 1, "\(name) left the lock taken")
      }
    }
  }

  @Sendable func tryWhileHeld() async throws {
    let lock = try makeLock()
    try await lock.whileHeld {
      try require(lock.tryLock { 1 } == nil, "it was taken")
    }
    try await onThread { try require(lock.tryLock { 1 } == 1, "it fails when the lock is free too") }
  }

  @Sendable func timeout() async throws {
    let lock = try makeLock()
    try await lock.whileHeld {
      for timeout in [Duration.seconds(-1), .zero, .milliseconds(1)] {
        do {
          _ = try lock.withLockInTime(timeout) { 1 }
        } catch {
          try require(isTimeout(error), "it threw \(error)")
          continue
        }
        throw Unmet(message: "it ran its body while another thread was inside")
      }
    }
    try await onThread { try require(lock.withLockInTime(.seconds(30)) { 1 } == 1, "it fails when free too") }
  }

  /// A thread that waits can not be seen from outside: it is given a moment, and what follows holds however
  /// far it came.
  @Sendable func handover() async throws {
    let lock = try makeLock()
    let waiting = Semaphore(permits: 0)
    let results = try await lock.whileHeld { () -> [Task<Int, any Error>] in
      let forms: [@Sendable () throws -> Int] = [
        { try lock.withLock { 1 } }, { try lock.withLockInTime(.seconds(30)) { 2 } },
      ]
      let tasks = forms.map { form in
        Task {
          try await onThread {
            waiting.release()
            return try form()
          }
        }
      }
      try waiting.acquire(2)
      return tasks
    }
    for (index, result) in results.enumerated() {
      let value = try await result.value
      try require(value == index + 1, "it gave \(value)")
    }
  }

  @Sendable func holderTakesAgain() async throws {
    let lock = try makeLock()
    try await onThread {
      _ = try lock.withLock {
        for (name, take) in lock.forms.dropFirst(reentry == .traps ? 1 : 0) {
          try reentry == .recursive ? takeAgain(name, take) : rejectAgain(name, take)
        }
        return 0
      }
    }
    try await onThread { try require(lock.tryLock { 1 } == 1, "the lock stayed taken at the end") }
    guard reentry == .recursive else { return }
    try await lock.whileHeld(depth: 2) { try require(lock.tryLock { 1 } == nil, "it was freed too early") }
  }

  private func takeAgain(_ name: String, _ take: LockAdaptor.Form) throws {
    try require(take { 7 } == 7, "\(name) did not run its body")
  }

  private func rejectAgain(_ name: String, _ take: LockAdaptor.Form) throws {
    do {
      let value = try take { 7 }
      throw Unmet(message: "\(name) returned \(value.map(String.init) ?? "nil") instead of an error")
    } catch let error where isTimeout(error) {
      throw Unmet(message: "\(name) waited for itself until it timed out")
    } catch let error as Unmet {
      throw error
    } catch {}
  }

  @Sendable func mutualExclusion() async throws {
    let lock = try makeLock()
    let (room, arrivals) = (Room(), Semaphore(permits: 0))
    let visits = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<4 {
        group.addTask {
          try await onThread {
            try arrivals.acquire()
            return try visit(room, lock, index)
          }
        }
      }
      try await eventually("all threads have come") { arrivals.waiterCount == 4 }
      arrivals.release(4)
      return try await group.reduce(0, +)
    }
    try require(!room.wasShared, "two threads were inside at once")
    try require(room.visits == visits, "\(visits) visits left a count of \(room.visits)")
  }

  private func visit(_ room: Room, _ lock: LockAdaptor, _ index: Int) throws -> Int {
    // First visits are long, that of the first comer most of all, so that a lock which keeps nobody out is found
    // for sure: the others are awake by then.
    var visits = try lock.withLock { room.enter(stay: .milliseconds(room.visits == 0 ? 50 : 1)) }
    for round in 0..<300 {
      switch (index + round) % 3 {
      case 0: visits += try lock.withLock { room.enter() }
      case 1: visits += try lock.tryLock { room.enter() } ?? 0
      default:
        do {
          visits += try lock.withLockInTime(.microseconds(round % 50)) { room.enter() }
        } catch let error where isTimeout(error) {}
      }
    }
    return visits
  }

  @Sendable func fairness() async throws {
    let lock = try makeLock()
    let isOver = Flag()
    let hasBegun = Semaphore(permits: 0)
    // Past the limit nobody hammers on: a thread that is left behind must not cost a processor.
    try await withTaskCancellationHandler {
      async let hammering: Void = runInTasks(2) { _ in
        try await onThread {
          var isFirst = true
          while !isOver.isSet {
            _ = try lock.withLock {
              if isFirst { hasBegun.release() }
              isFirst = false
              for _ in 0..<100 where !isOver.isSet {}
              return 0
            }
          }
        }
      }
      try await onThread {
        defer { isOver.set() }
        try hasBegun.acquire(2)
        for _ in 0..<3 { _ = try lock.withLock { 0 } }
      }
      try await hammering
    } onCancel: {
      isOver.set()
    }
  }
}
