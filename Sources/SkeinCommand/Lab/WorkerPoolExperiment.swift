internal import SkeinFutures
internal import SkeinSync
internal import SkeinThreads

/// The chapter's TaskQueue and WorkerPool as a thin use of ThreadPool.
struct WorkerPoolExperiment: Experiment {
  let name = "worker-pool"
  let section = "16.2.3"
  let title = "TaskQueue and WorkerPool: a handler, three workers, room for a hundred tasks"
  let lesson = """
    A pool already is a queue with workers: what is left of the chapter's two classes is a handler and a list of futures. \
    A handler that fails is known by its task's future, a full queue holds back who submits, and a shutdown needs no \
    sentinels.
    """
  let uses = ["ThreadPool", "ThreadPool.submit", "wait(for:)", "ThreadPool.shutdown"]

  func run(_ notes: LabNotes) async throws {
    try await onThread(named: "main") {
      let results = Lock<[Int: Int]>([:], name: "results")
      let pool = try HandlerPool<(id: Int, data: Int)>(workers: 3) { task in
        imitateWork(.milliseconds(2))
        if task.id == 7 { throw LabError("task 7 can not be done") }
        results.withLock { $0[task.id] = task.data * 2 }
        notes.step(ThreadInfo.current.name, "task \(task.id): \(task.data) → \(task.data * 2)")
      }
      for id in 0..<10 { try pool.submit((id, id * 10)) }
      let failures = try pool.waitForCompletion()
      notes.step("main", "all tasks are done")
      pool.shutdown()
      notes.check(
        "tasks with the right result", is: 9, observed: results.withLock { $0.count { $1 == $0 * 20 } })
      notes.check("failures that are known", is: ["task 7 can not be done"], observed: failures)
      notes.check("workers left", is: 0, observed: pool.workerCount)
      let late = Result { try pool.submit((10, 100)) }
      let isRefused = if case .failure(PoolError.shutDown) = late { true } else { false }
      notes.check("a task after the shutdown is refused", is: true, observed: isRefused)
    }
  }
}

/// The chapter's pool: one handler for all tasks.
private struct HandlerPool<Item: Sendable>: Sendable {
  private let pool: ThreadPool
  private let handler: @Sendable (Item) throws -> Void
  private let futures = Lock<[Future<Void>]>([])

  init(workers: Int, _ handler: @escaping @Sendable (Item) throws -> Void) throws {
    pool = try ThreadPool(threads: workers, queueCapacity: 100, name: "Worker")
    self.handler = handler
  }

  var workerCount: Int { pool.statistics.workers }

  func submit(_ item: Item) throws {
    let future = try pool.submit { [handler] in try handler(item) }
    futures.withLock { $0.append(future) }
  }

  /// Blocks until everything that was submitted is done; says what failed.
  func waitForCompletion() throws -> [String] {
    let done = try wait(for: futures.withLock { $0 }).done
    return done.compactMap { future in
      do { try future.result() } catch { return "\(error)" }
      return nil
    }
  }

  func shutdown() { pool.shutdown() }
}
