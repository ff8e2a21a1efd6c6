import Foundation
import SkeinJobs
import Testing

extension JobStoreRule {
  /// How every store sorts what it lists.
  static let ordering = [
    JobStoreRule("lists by each key, either way round, and what has no value last") { (store) async throws in
      try await store.fillForSorting()
      let orders: [(JobOrder.Key, [Int64], reversed: [Int64])] = [
        (.number, [5, 4, 3, 2, 1], [1, 2, 3, 4, 5]),
        (.enqueued, [5, 4, 3, 2, 1], [1, 2, 3, 4, 5]),
        (.started, [3, 2, 1, 5, 4], [1, 2, 3, 4, 5]),
        (.ended, [1, 5, 2, 4, 3], [2, 5, 1, 3, 4]),
        (.ran, [1, 2, 5, 4, 3], [2, 1, 3, 4, 5]),
        (.priority, [2, 5, 4, 1, 3], [3, 1, 4, 5, 2]),
        (.attempts, [2, 1, 5, 4, 3], [3, 4, 5, 1, 2]),
        (.name, [3, 2, 5, 1, 4], [4, 1, 5, 2, 3]),
        (.queue, [5, 4, 2, 3, 1], [1, 3, 2, 4, 5]),
        (.state, [4, 3, 1, 2, 5], [5, 2, 1, 3, 4]),
      ]
      #expect(orders.map(\.0) == JobOrder.Key.allCases)
      for (key, order, reversed) in orders {
        #expect(try await store.numbers { $0.order = JobOrder(key) } == order, "\(key)")
        #expect(
          try await store.numbers { $0.order = JobOrder(key, isReversed: true) } == reversed, "-\(key)")
      }
    },
    JobStoreRule("sorts before it cuts, and whatever the filter lets through") { (store) async throws in
      try await store.fillForSorting()
      for key in JobOrder.Key.allCases {
        let all = try await store.numbers { $0.order = JobOrder(key) }
        let first = try await store.numbers {
          $0.order = JobOrder(key)
          $0.limit = 2
        }
        #expect(first == Array(all[..<2]), "\(key)")
      }
      let running = try await store.numbers {
        $0.order = JobOrder(.name)
        $0.states = [.running]
      }
      let rest = try await store.numbers {
        $0.order = JobOrder(.priority, isReversed: true)
        $0.queue = "x"
        $0.before = 5
      }
      #expect((running, rest) == ([3], [4, 2]))
    },
    JobStoreRule("lists what was enqueued at a time or later") { (store) async throws in
      try await store.fillForSorting()
      let third = try #require(try await store.job(sequence: 3))
      let since = try await store.numbers { $0.since = third.enqueuedAt }
      let never = try await store.numbers { $0.since = Date(timeIntervalSinceNow: 60) }
      #expect((since, never) == ([5, 4, 3], []))
    },
  ]
}

extension JobStore {
  /// The numbers of the jobs that a filter lists.
  fileprivate func numbers(_ change: (inout JobFilter) -> Void) async throws -> [Int64] {
    var filter = JobFilter()
    change(&filter)
    return try await jobs(filter).map(\.sequence)
  }

  /// Five jobs, no two alike: 1 has succeeded after a while, 2 has failed soon, 3 runs, 4 is ready, 5 was
  /// cancelled.
  fileprivate func fillForSorting() async throws {
    let kinds = [("b", "y", 5), ("a", "x", 9), ("a", "y", 0), ("c", "x", 5), ("b", "x", 5)]
    for (name, queue, priority) in kinds {
      await passMoment()
      _ = try await enqueue([
        .test(name) {
          $0.queue = queue
          $0.priority = priority
        }
      ])
    }
    let known = ["a": 1, "b": 1, "c": 1]
    let worker = try await join(.test(knows: known))
    var claimed: [ClaimedJob] = []
    for queue in ["y", "x", "y"] {
      await passMoment()
      claimed += try await worker.claim(.test(1, queues: [queue], knows: known)).jobs
    }
    await passMoment()
    #expect(try await worker.finish(claimed[1].token, .test(claimed[1], .gaveUp(.exhausted), .failed)))
    await passMoment()
    let last = try #require(try await job(sequence: 5))
    _ = try await cancel(last.id)
    await passMoment()
    #expect(try await worker.finish(claimed[0].token, .test(claimed[0], .succeeded, .succeeded)))
  }

  /// Waits until the clock shows another time, to the microsecond that stores keep.
  private func passMoment() async {
    let start = Date()
    while Date().timeIntervalSince(start) < 0.000_01 { await Task.yield() }
  }
}
