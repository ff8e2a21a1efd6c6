/// Cases that are shown in one table, and measured by a system in one run of its program.
enum Family: String, CaseIterable, Codable {
  case locks, semaphores, threads, tasks, mixed, pingPong, select, waiters, dictionaries
  case submitting, computing, scaling, chapter
  case starting, calls, lines, sharing, work

  var suite: Suite {
    switch self {
    case .submitting, .computing, .scaling, .chapter: .pools
    case .starting, .calls, .lines, .sharing, .work: .processes
    default: .sync
    }
  }

  var title: String {
    switch self {
    case .locks: "Locks: a lock and unlock; threads, and whether it is held for an increment or about 1 µs"
    case .semaphores: "Semaphores: an acquire and release; how many contend for how many permits"
    case .threads: "Queues and channels between threads: an item; producers and consumers, capacity"
    case .tasks: "Queues and channels between tasks: an item; producers and consumers, capacity"
    case .mixed: "Queues and channels from threads to tasks: an item; producers and consumers, capacity"
    case .pingPong: "Ping-pong of two over two channels or semaphores: a round trip"
    case .select: "Select: an item from any of 8 channels of capacity 64 with a sender each"
    case .waiters: "100,000 tasks wait for a semaphore and are released: each"
    case .submitting: "Pools of 2 workers: a job, from its submission to its result in the submitter's hands"
    case .computing: "Pools of 2 workers that compute: a join of fib(27), or an element of ten million"
    case .scaling:
      "Counting the primes below 400,000 on 1 and 2 workers: a number; 8 idle workers: processor time a second, memory each"
    case .chapter: "The chapter's comparisons (16.1.1, 16.1.2): an iteration, or one of four sleeps of 50 ms"
    case .starting:
      "Processes that do nothing, from their start to their end; and a pool of one, from its death to the next result"
    case .calls:
      "Functions in other processes: one at a time, a thousand at a time on 2 workers, and with bytes as input (C: a "
        + "ping-pong of two processes on futexes; a copy of the bytes)"
    case .lines:
      "A message there and back; an item through a queue, from one process or two; a mebibyte in shared memory (C: copies)"
    case .sharing:
      "Processes that change a number, under a lock and without; a call of a manager"
    case .work:
      "The primes below 800,000 in 8 ranges: a number; four computations and four waits of 50 ms: a turn, a wait"
    case .dictionaries: "Dictionary of 100,000 keys, 4 threads: an operation; 5 % writes or 50 %"
    }
  }

  var rows: [Row] {
    switch self {
    case .locks: rows("lock", ["uncontended"]) + rows("lock", ["2", "4", "16"], ["long", "short"])
    case .semaphores: rows("semaphore", ["uncontended", "4x1", "4x2"], ["threads", "tasks"])
    case .threads, .tasks, .mixed: handOverRows
    case .pingPong: rows("pingpong", ["channel", "semaphore"], ["threads", "tasks"])
    case .select: rows("select", ["8"], ["threads", "tasks"])
    case .waiters: [.nanoseconds, .bytes].map { Row(name: "waiters.100000.tasks", family: self, figure: $0) }
    case .submitting:
      rows("latency") + rows("throughput") + rows("million") + rows("producers") + rows("fan-out")
        + rows("as-completed")
    case .computing: rows("fork-join") + rows("map") + rows("reduce") + rows("sort")
    case .scaling:
      rows("growth", ["1", "2"]) + [.nanoseconds, .bytes].map { Row(name: "idle", family: self, figure: $0) }
    case .chapter:
      rows("cpu-bound", ["sequential", "threads"]) + rows("io-bound", ["sequential", "threads"])
        + rows("count", ["1", "4"])
    case .starting: rows("start", ["spawn", "forkServer", "fork"]) + rows("recovery")
    case .calls:
      rows("call", ["blocking"]) + [Row(name: "call.awaited", family: self, peerName: "call.blocking")]
        + rows("calls") + rows("calls", ["chunked"])
        + [Row(name: "dispatched", family: self, peerName: "calls")] + rows("payload", ["1k", "1m", "100m"])
    case .lines:
      rows("echo", ["10", "1k", "1m", "100m"]) + rows("shared-queue", ["spsc", "mpsc"], ["8", "1k"])
        + rows("shared-memory", ["1m"])
    case .sharing:
      rows("shared-lock", ["2", "4"]) + rows("shared-counter", ["2", "4"])
        + rows("manager", ["get", "set", "lock"])
    case .work:
      rows("primes", ["sequential", "processes"])
        + rows("compute", ["sequential", "threads", "tasks", "processes"])
        + rows("wait", ["sequential", "threads", "tasks", "processes"])
    case .dictionaries: rows("dictionary", ["read", "write"])
    }
  }

  /// A queue and a channel are two things here and one in most languages, where the case has the queue's name.
  private var handOverRows: [Row] {
    let shapes = ["spsc", "mpsc", "mpmc"]
    let capacities = ["0", "1", "64", "unbounded"]
    let channels = rows("queue", shapes, capacities, [rawValue]).map { queue in
      Row(
        name: queue.name.replacing("queue", with: "channel", maxReplacements: 1), family: self,
        peerName: queue.name)
    }
    return rows("queue", shapes, Array(capacities.dropFirst()), [rawValue]) + channels
  }

  /// A row for each combination of the words.
  private func rows(_ start: String, _ words: [String]...) -> [Row] {
    let names = words.reduce([start]) { names, words in
      names.flatMap { name in words.map { "\(name).\($0)" } }
    }
    return names.map { Row(name: $0, family: self) }
  }
}
