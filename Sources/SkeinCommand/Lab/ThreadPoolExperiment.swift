internal import SkeinFutures
internal import SkeinSync
internal import SkeinThreads

/// The chapter's ManagedThreadPool as a thin use of ThreadPool.
struct ThreadPoolExperiment: Experiment {
  let name = "thread-pool"
  let section = "16.2.5"
  let title = "ManagedThreadPool: eight downloads on four threads, results as they come"
  let lesson = """
    Futures are taken in the order in which they are done. A callback hears of each one, and one that fails disturbs nobody. \
    Eight waits on four threads take the time of two. Work that waits for work of its own pool would stop it for good: the \
    last worker that waits is told.
    """
  let uses = ["ThreadPool", "Future.onResult", "asCompleted", "FutureError.wouldStarve"]

  private static let delay = Duration.milliseconds(40)

  func run(_ notes: LabNotes) async throws {
    try await onThread(named: "main") {
      try fetch(notes)
      try starve(notes)
    }
  }

  private func fetch(_ notes: LabNotes) throws {
    let pool = try ManagedPool(threads: 4)
    let urls = (0..<8).map { "http://api.example.com/data/\($0)" }
    let clock = MonotonicClock()
    let start = clock.now
    let results = try pool.mapAsCompleted(urls) { url in
      imitateWork(Self.delay)
      if url.hasSuffix("5") { throw LabError("\(url) does not answer") }
      notes.step(ThreadInfo.current.name, "has fetched \(url)")
      return "Response from \(url)"
    }
    let time = start.duration(to: clock.now)
    pool.shutdown()
    let answered = results.count { if case .success = $1 { true } else { false } }
    notes.check("responses", is: 7, observed: answered)
    notes.check("failures", is: 1, observed: results.count - answered)
    notes.check("callbacks that were called", is: 8, observed: pool.callbackCount)
    notes.step("main", "8 waits of 40 ms took \(Int(time / .milliseconds(1))) ms")
    notes.check("workers that took part", is: 4, observed: pool.mostWorkers)
  }

  /// Each of two workers waits for work that only they could do.
  private func starve(_ notes: LabNotes) throws {
    let pool = try ThreadPool(threads: 2, name: "nested")
    let meeting = Barrier(parties: 2)
    let outer = try (0..<2).map { number in
      try pool.submit {
        try meeting.wait()
        return try pool.submit { number }.result()
      }
    }
    var told = 0
    for future in outer {
      do { _ = try future.result() } catch FutureError.wouldStarve { told += 1 }
    }
    pool.shutdown()
    notes.check("workers told that they would wait for ever", is: 1, observed: told)
  }
}

/// The chapter's pool: a callback for each future, and results with the inputs that they belong to.
private struct ManagedPool: Sendable {
  private let pool: ThreadPool
  private let callbacks = Lock(0)

  init(threads: Int) throws { pool = try ThreadPool(threads: threads, name: "Worker") }

  var mostWorkers: Int { pool.statistics.mostWorkers }
  var callbackCount: Int { callbacks.withLock { $0 } }

  func submit<Output: Sendable>(_ body: @escaping @Sendable () throws -> Output) throws -> Future<Output> {
    let future = try pool.submit(body)
    future.onDone { [callbacks] _ in callbacks.withLock { $0 += 1 } }
    return future
  }

  func mapAsCompleted<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], _ transform: @escaping @Sendable (Input) throws -> Output
  ) throws -> [(Input, Result<Output, any Error>)] {
    let futures = try inputs.map { input in try submit { try transform(input) } }
    let inputOf = Dictionary(uniqueKeysWithValues: zip(futures.map(ObjectIdentifier.init), inputs))
    return try asCompleted(futures).results.map { done in
      let future = try done.get()
      return (inputOf[ObjectIdentifier(future)]!, Result { try future.result() })
    }
  }

  func shutdown() { pool.shutdown() }
}
