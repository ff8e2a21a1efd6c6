import SkeinSync

private let loads: [(name: String, workers: Int, permits: Int)] = [
  ("uncontended", 1, 1), ("4x1", 4, 1), ("4x2", 4, 2),
]

let semaphoreCases: [MeasuredCase] = loads.flatMap { load in
  [
    MeasuredCase("semaphore.\(load.name).threads", by: "Semaphore") { operations in
      acquireOnThreads(load.workers, permits: load.permits, share: operations / load.workers)
    },
    MeasuredCase("semaphore.\(load.name).tasks", by: "Semaphore") { operations in
      try await acquireInTasks(load.workers, permits: load.permits, share: operations / load.workers)
    },
  ]
}

private func acquireOnThreads(_ count: Int, permits: Int, share: Int) {
  let semaphore = Semaphore(permits: permits)
  onThreads(count) { _ in
    for _ in 0..<share {
      must { try semaphore.acquire() }
      semaphore.release()
    }
  }
}

private func acquireInTasks(_ count: Int, permits: Int, share: Int) async throws {
  let semaphore = Semaphore(permits: permits)
  try await onTasks(count) { _ in
    for _ in 0..<share {
      try await semaphore.acquire()
      semaphore.release()
    }
  }
}

// MARK: Ping-pong

let semaphorePingPongCases = [
  MeasuredCase("pingpong.semaphore.threads", by: "Semaphore") { operations in
    let sides = [Semaphore(permits: 1), Semaphore(permits: 0)]
    onThreads(2) { index in
      for _ in 0..<operations {
        must { try sides[index].acquire() }
        sides[1 - index].release()
      }
    }
  },
  MeasuredCase("pingpong.semaphore.tasks", by: "Semaphore") { operations in
    let sides = [Semaphore(permits: 1), Semaphore(permits: 0)]
    try await onTasks(2) { index in
      for _ in 0..<operations {
        try await sides[index].acquire()
        sides[1 - index].release()
      }
    }
  },
]
