internal import SkeinSync

/// A pool of workers over a queue: Skein's, and the chapter's with its faults.
struct QueueExperiment: Experiment {
  let name = "queue"
  let section = "16.2.3"
  let title = "WorkerPool: threads take tasks from a queue until it is shut down"
  let lesson = """
    join waits until everything that was put in is marked as done; shutdown lets the workers finish what is left \
    and ends their gets, without sentinels, which the chapter's join would wait for, and without a timeout, which \
    sends the chapter's workers home after an idle second.
    """
  let uses = ["Queue.put", "Queue.get", "Queue.taskDone", "Queue.join", "Queue.shutdown"]

  private struct PoolTask: Sendable {
    var id: Int
    var data: Int
  }

  private static let workers = 3

  func run(_ notes: LabNotes) async throws {
    try await runPool(notes)
    try await runChapterPool(notes)
  }

  // MARK: The pool

  private func runPool(_ notes: LabNotes) async throws {
    let queue = Queue<PoolTask>(capacity: 100, name: "tasks")
    let results = Lock<[Int: Int]>([:], name: "results")
    async let pool: Void = runThreads(Self.workers, named: "Worker") { index in
      while let task = try? queue.get() {
        imitateWork(.milliseconds(2))
        results.withLock { $0[task.id] = task.data * 2 }
        notes.step("Worker-\(index)", "task \(task.id): \(task.data) → \(task.data * 2)")
        queue.taskDone()
      }
      notes.step("Worker-\(index)", "the queue is shut down and empty: it leaves")
    }
    try await submit(to: queue, notes)
    try await pool
    let right = (0..<13).count { id in results.withLock { $0[id] } == id * 20 }
    notes.check("tasks with the right result", is: 13, observed: right)
    notes.check("tasks left in the queue", is: 0, observed: queue.count)
  }

  /// Puts tasks in from this Swift task, awaits their end, does so once more after a pause, and shuts down.
  private func submit(to queue: Queue<PoolTask>, _ notes: LabNotes) async throws {
    defer { queue.shutdown() }
    for id in 0..<10 { try await queue.put(PoolTask(id: id, data: id * 10)) }
    notes.step("Main", "has put 10 tasks in, and awaits that all are done")
    try await queue.join(timeout: .seconds(20))
    notes.step("Main", "all are done")
    notes.check("tasks not marked as done after join", is: 0, observed: queue.unfinishedCount)
    let waiting = try await onThread(named: "pause") {
      imitateWork(Self.patience * 2)
      waitUntil { queue.waiterCount == Self.workers }
      return queue.waiterCount
    }
    notes.check("workers that wait for tasks after an idle moment", is: Self.workers, observed: waiting)
    for id in 10..<13 { try await queue.put(PoolTask(id: id, data: id * 10)) }
    notes.step("Main", "after a pause has put 3 more in, and shuts the queue down")
  }

  // MARK: The chapter's

  /// How long a worker of the chapter stays without a task; a second there.
  private static let patience = Duration.milliseconds(50)

  private enum ChapterItem: Sendable { case task, sentinel }

  private func runChapterPool(_ notes: LabNotes) async throws {
    let queue = Queue<ChapterItem>(name: "chapter's tasks")
    try await runThreads(Self.workers, named: "Chapter") { index in
      while (try? queue.get(timeout: Self.patience)) == .task { queue.taskDone() }
      notes.step("Chapter-\(index)", "a worker as in the chapter: no task for 50 ms, it leaves")
    }
    try await queue.put(.task)
    let late = await joinText(queue)
    notes.step("Main", "a task that is put in then is never done; join ends so: \(late)")
    notes.check("the chapter's pool, after an idle moment: join", is: "\(WaitError.timedOut)", observed: late)
    _ = queue.tryGet()
    queue.taskDone()
    for _ in 0..<Self.workers { try await queue.put(.sentinel) }
    try await runThreads(Self.workers, named: "Chapter") { _ in _ = try queue.get() }
    let ended = await joinText(queue)
    notes.step("Main", "workers got their sentinels, which nobody marks as done; join ends so: \(ended)")
    notes.check("the chapter's pool, after its sentinels: join", is: "\(WaitError.timedOut)", observed: ended)
  }

  private func joinText(_ queue: Queue<ChapterItem>) async -> String {
    do {
      try await queue.join(timeout: .milliseconds(50))
      return "done"
    } catch {
      return "\(error)"
    }
  }
}
