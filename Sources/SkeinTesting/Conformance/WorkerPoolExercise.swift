public import SkeinFutures
internal import SkeinSync

/// Checks that a worker pool keeps the rules of `WorkerPool`.
///
/// ```swift
/// try await exerciseWorkerPool { workers in try ThreadPool(threads: workers) }
/// ```
///
/// A pool of processes runs the suite's jobs if ``PoolExerciseStep`` is registered as a function of these.
///
/// - Parameters:
///   - limit: how long one rule may take.
///   - only: the one rule to check, by its text; `nil` for all.
///   - makePool: makes a pool with so many workers and no limit to what it takes. The suite shuts it down.
/// - Throws: ``ConformanceFailure`` with the first rule that is broken.
public func exerciseWorkerPool<Pool: WorkerPool>(
  limit: Duration = .seconds(60), only: String? = nil,
  _ makePool: @escaping @Sendable (_ workers: Int) async throws -> Pool
) async throws {
  let exercise = WorkerPoolExercise(makePool: makePool)
  try await checkRules(
    of: "\(Pool.self)", exercise.runningRules + exercise.endingRules, limit: limit, only: only)
}

struct WorkerPoolExercise<Pool: WorkerPool>: Sendable {
  let makePool: @Sendable (_ workers: Int) async throws -> Pool

  private func withPool(_ workers: Int = 2, _ body: (Pool) async throws -> Void) async throws {
    let pool = try await makePool(workers)
    do { try await body(pool) } catch {
      await pool.shutdown(wait: false, cancelPending: true)
      throw error
    }
    await pool.shutdown()
  }

  // MARK: Running

  var runningRules: [Rule] {
    [
      Rule("a job's result comes by its future, however it is submitted") {
        try await withPool { pool in
          let futures = [
            try await pool.submit(PoolExerciseStep.square(3), file: #fileID, line: #line),
            try pool.trySubmit(PoolExerciseStep.square(4), file: #fileID, line: #line),
            try await onThread { try pool.submit(PoolExerciseStep.square(5), file: #fileID, line: #line) },
          ]
          for (future, expected) in zip(futures, [9, 16, 25]) {
            let value = try await future.value
            try require(value == expected, "\(value) instead of \(expected)")
          }
        }
      },
      Rule("an error of a job is that of its future, and the worker goes on") {
        try await withPool(1) { pool in
          let failing = try await pool.submit(PoolExerciseStep.failing, file: #fileID, line: #line)
          let next = try await pool.submit(PoolExerciseStep.square(2), file: #fileID, line: #line)
          try await require("a failing job should throw its error", throws: Marker.isMeant) {
            try await failing.value
          }
          try require(try await next.value == 4, "the next job was not done")
        }
      },
      Rule("all workers work at once, and no more than all") {
        try await withPool(3) { pool in
          let gate = try PoolGate()
          var futures: [Future<Int>] = []
          for _ in 0..<6 {
            futures.append(
              try await pool.submit(PoolExerciseStep.gated(gate.path), file: #fileID, line: #line))
          }
          try await eventually("three jobs run") { gate.begun == 3 }
          gate.open()
          for future in futures { _ = try await future.value }
          try require(gate.most == 3, "\(gate.most) jobs ran at once on 3 workers")
        }
      },
      Rule("one worker does the jobs in the order in which they came") {
        try await withPool(1) { pool in
          let log = try PoolLog()
          for number in 0..<20 {
            _ = try await pool.submit(PoolExerciseStep.logged(number, log.path), file: #fileID, line: #line)
          }
          await pool.shutdown()
          try require(log.numbers == Array(0..<20), "the jobs 0 to 19 were done as \(log.numbers)")
        }
      },
      Rule("a job that has not begun can be cancelled, and is never run; one that runs can not") {
        try await withPool(1) { pool in
          let (gate, log) = (try PoolGate(), try PoolLog())
          let running = try await pool.submit(PoolExerciseStep.gated(gate.path), file: #fileID, line: #line)
          let waiting = try await pool.submit(
            PoolExerciseStep.logged(1, log.path), file: #fileID, line: #line)
          try await eventually("the first job runs") { gate.begun == 1 }
          try require(!running.cancel(), "the job that runs was cancelled")
          try require(waiting.cancel(), "the job that waits was not cancelled")
          gate.open()
          await pool.shutdown()
          try require(log.numbers.isEmpty, "the cancelled job was run")
          try require(try await running.value == 0, "the job that ran has no result")
        }
      },
      Rule("every job of several submitters is done once") {
        try await withPool(4) { pool in
          let log = try PoolLog()
          try await runInTasks(4) { submitter in
            for number in 0..<250 {
              let step = PoolExerciseStep.logged(submitter * 250 + number, log.path)
              _ = try await pool.submit(step, file: #fileID, line: #line)
            }
          }
          await pool.shutdown()
          try require(log.numbers.sorted() == Array(0..<1000), "\(log.numbers.count) of 1000 jobs were done")
        }
      },
    ]
  }

  // MARK: Ending

  var endingRules: [Rule] {
    [
      Rule("a shutdown waits for all that was submitted") {
        for form in WaitingForm.allCases {
          let pool = try await makePool(2)
          var futures: [Future<Int>] = []
          for number in 0..<50 {
            futures.append(try await pool.submit(PoolExerciseStep.square(number), file: #fileID, line: #line))
          }
          switch form {
          case .task: await pool.shutdown()
          case .thread: try await onThread { pool.shutdown() }
          }
          try require(futures.allSatisfy { $0.state == .finished }, "not all jobs were done")
        }
      },
      Rule("a shutdown can cancel what has not begun") {
        let pool = try await makePool(1)
        let gate = try PoolGate()
        let running = try await pool.submit(PoolExerciseStep.gated(gate.path), file: #fileID, line: #line)
        let waiting = try await pool.submit(PoolExerciseStep.square(1), file: #fileID, line: #line)
        try await eventually("the first job runs") { gate.begun == 1 }
        await pool.shutdown(wait: false, cancelPending: true)
        try require(waiting.isCancelled, "the job that waited was not cancelled")
        try require(running.isRunning, "the shutdown has waited, or the job that runs was cancelled")
        gate.open()
        await pool.shutdown()
        try require(try await running.value == 0, "the job that ran has no result")
      },
      Rule("nothing is taken after a shutdown, and another shutdown does no harm") {
        let pool = try await makePool(1)
        await pool.shutdown()
        await pool.shutdown()
        let isRefusal: (any Error) -> Bool = { if case PoolError.shutDown = $0 { true } else { false } }
        try await require("submit should be refused", throws: isRefusal) {
          try await pool.submit(PoolExerciseStep.square(1), file: #fileID, line: #line)
        }
        try await require("trySubmit should be refused", throws: isRefusal) {
          try pool.trySubmit(PoolExerciseStep.square(1), file: #fileID, line: #line)
        }
        try await require("submit on a thread should be refused", throws: isRefusal) {
          try await onThread { try pool.submit(PoolExerciseStep.square(1), file: #fileID, line: #line) }
        }
      },
      Rule("a pool that nobody refers to does what was submitted") {
        var pool: Pool? = try await makePool(1)
        var futures: [Future<Int>] = []
        for number in 0..<20 {
          futures.append(try await pool!.submit(PoolExerciseStep.square(number), file: #fileID, line: #line))
        }
        pool = nil
        for (number, future) in futures.enumerated() {
          try require(try await future.value == number * number, "job \(number) has another result")
        }
      },
      Rule("a worker can shut its own pool down") {
        // Where work is a closure: what runs in another process can not reach the pool.
        guard let pool = try await makePool(2) as? any LocalWorkerPool else { return }
        let job = try await pool.submit(file: #fileID, line: #line) {
          pool.shutdown()
          return 0
        }
        try require(try await job.value == 0, "the job that shut the pool down has no result")
        await pool.shutdown()
      },
    ]
  }
}
