internal import SkeinSync

/// What a thread is to do, which it takes out when it does it: nobody else keeps what the body captured, or where its
/// result goes.
final class ThreadWork<Success: Sendable>: Sendable {
  private typealias Parts = (body: @Sendable () throws -> Success, outcome: ThreadOutcome<Success>)

  private let parts: Lock<Parts?>

  init(_ body: @escaping @Sendable () throws -> Success, _ outcome: ThreadOutcome<Success>) {
    parts = Lock((body, outcome), internalTo: "ThreadWork")
  }

  /// Runs the body. When this returns, both are let go of: it must not become a part of its caller.
  @inline(never)
  func perform() {
    guard let (body, outcome) = parts.withLock({ $0.take() }) else { return }
    outcome.set(Result { try body() })
  }
}

/// What became of a thread's body, and whether somebody knows.
final class ThreadOutcome<Success: Sendable>: Sendable {
  private struct State {
    var result: Result<Success, any Error>?
    var isTaken = false
  }

  private let name: String
  private let number: UInt64
  private let state = Lock(State(), internalTo: "ThreadOutcome")

  init(of record: ThreadRecord) { (name, number) = (record.name, record.number) }

  deinit {
    guard case .failure? = state.withLock({ $0.result }) else { return }
    LiveThreads.forgetError(of: number)
    // Nobody can join the thread any more.
    takeUncaught()?.report()
  }

  func set(_ result: Result<Success, any Error>) {
    state.withLock { $0.result = result }
    guard case .failure = result else { return }
    LiveThreads.keep({ [weak self] in self?.takeUncaught() }, of: number)
  }

  private func takeUncaught() -> UncaughtError? {
    takeError().map { UncaughtError(source: "thread “\(name)”", error: $0) }
  }

  /// What the ended thread returned or threw.
  func take() throws -> Success {
    try state.withLock { state in
      state.isTaken = true
      return state.result!
    }.get()
  }

  /// What the ended thread threw, unless somebody knows already.
  func takeError() -> (any Error)? {
    state.withLock { state in
      guard !state.isTaken, case .failure(let error)? = state.result else { return nil }
      state.isTaken = true
      return error
    }
  }
}
