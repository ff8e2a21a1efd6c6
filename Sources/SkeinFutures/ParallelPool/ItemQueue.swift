internal import DequeModule
internal import SkeinSync
internal import Synchronization

/// Something that was handed to a ``ParallelPool``.
enum ParallelItem: Sendable {
  case job(PoolTask)
  /// A task that is to go on, and the executor that it is on then.
  case task(UnownedJob, on: UnownedTaskExecutor)

  func run() {
    switch self {
    case .job(let job): job.run()
    case .task(let task, let executor): task.runSynchronously(on: executor)
    }
  }
}

/// Items, first in, first out, with a count that is read without the lock.
///
/// - Invariant: whoever finds it empty under a lock under which items are brought misses none that is in it.
final class ItemQueue: Sendable {
  private let items = Lock<Deque<ParallelItem>>([], internalTo: "ParallelPool")
  private let count = Atomic<Int>(0)

  var isEmpty: Bool { count.load(ordering: .sequentiallyConsistent) == 0 }

  func append(_ item: ParallelItem) {
    items.withLock { items in
      items.append(item)
      count.add(1, ordering: .sequentiallyConsistent)
    }
  }

  func popFirst() -> ParallelItem? {
    guard !isEmpty else { return nil }
    return items.withLock { items in
      // A count that came down later would keep a worker that looks at this instant from leaving, and nobody would wake it.
      let item = items.popFirst()
      if item != nil { count.subtract(1, ordering: .sequentiallyConsistent) }
      return item
    }
  }

  /// Takes out the jobs; tasks stay, for they have to be run.
  func takeJobs() -> [PoolTask] {
    var jobs: [PoolTask] = []
    var tasks: [ParallelItem] = []
    while let item = popFirst() {
      if case .job(let job) = item { jobs.append(job) } else { tasks.append(item) }
    }
    for task in tasks { append(task) }
    return jobs
  }
}
