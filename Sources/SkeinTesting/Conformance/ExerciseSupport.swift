internal import SkeinSync

/// Runs `body` in a task of its own and stops waiting for it at the limit.
func runWithin<Value: Sendable>(
  _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let hasEnded = Event()
  let task = Task {
    defer { hasEnded.set() }
    return try await body()
  }
  do {
    try await hasEnded.wait(timeout: limit)
  } catch {
    task.cancel()
    throw Unmet(message: "it has not ended within \(limit)")
  }
  return try await task.value
}

/// Starts `body` in a task, and returns once it waits: once `waiterCount` has grown by one.
func startWaiting<Value: Sendable>(
  _ waiterCount: () -> Int, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Task<Value, any Error> {
  let before = waiterCount()
  let task = Task { try await body() }
  try await eventually("one more waits") { waiterCount() > before }
  return task
}

/// Makes sure that those who wait are served in the order in which they came.
///
/// - Parameters:
///   - offer: serves one; `false` when it can not.
///   - wait: waits to be served.
func requireServedInOrder<Value: Sendable>(
  _ forms: [WaitingForm], _ waiterCount: () -> Int, offer: (Int) -> Bool,
  _ wait: @escaping @Sendable (WaitingForm) async throws -> Value
) async throws {
  let served = Lock<[Int]>([])
  var waiters: [Task<Void, any Error>] = []
  for index in 0..<6 {
    let form = forms.form(index)
    waiters.append(
      try await startWaiting(waiterCount) {
        _ = try await wait(form)
        served.withLock { $0.append(index) }
      })
  }
  for index in 0..<6 {
    try require(offer(index), "number \(index) could not be offered to those who wait")
    try await eventually("one more is served") { served.withLock { $0.count } == index + 1 }
  }
  for waiter in waiters { try await waiter.value }
  let order = served.withLock { $0 }
  try require(order == Array(0..<6), "those who came as 0 to 5 were served as \(order)")
}

/// Runs `body` in several tasks and waits for all.
func runInTasks(_ count: Int, _ body: @escaping @Sendable (_ index: Int) async throws -> Void) async throws {
  try await withThrowingTaskGroup { group in
    for index in 0..<count { group.addTask { try await body(index) } }
    try await group.waitForAll()
  }
}

func isTimeout(_ error: any Error) -> Bool {
  if case .timedOut? = error as? LockError { return true }
  return error as? WaitError == .timedOut
}

func isClosed(_ error: any Error) -> Bool { error as? WaitError == .closed }

func isCancelled(_ error: any Error) -> Bool {
  error is CancellationError || error as? WaitError == .cancelled
}

/// What a body under test throws.
struct Marker: Error, Equatable {
  /// Whether an error is this one, or, where errors can not travel, what is told of it.
  static func isMeant(_ error: any Error) -> Bool { error is Marker || "\(error)".contains("\(Marker())") }
}

/// The places that a form of waiting leaves to choose, in turn.
extension [WaitingForm] {
  func form(_ index: Int) -> WaitingForm { self[index % count] }
}
