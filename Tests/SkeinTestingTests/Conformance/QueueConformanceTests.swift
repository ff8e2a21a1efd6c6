import SkeinTesting
import Testing

@Suite("exerciseQueue")
struct QueueConformanceTests {
  @Test(
    "a right queue of each order keeps the rules",
    arguments: [(ElementOrder.fifo, PollingQueue<Int>.Order.fifo), (.lifo, .lifo), (.sorted(by: <), .sorted)])
  func orders(said: ElementOrder, done: PollingQueue<Int>.Order) async throws {
    try await exerciseQueue(order: said) { PollingQueue(capacity: $0, order: done) }
  }

  @Test("a right queue keeps the rules for tasks, and for threads, alone", arguments: WaitingForm.allCases)
  func form(_ form: WaitingForm) async throws {
    try await exerciseQueue(order: .fifo, forms: [form]) { PollingQueue(capacity: $0) }
  }

  @Test("each fault is found by its rule", arguments: faults)
  func fault(_ fault: PollingQueue<Int>.Fault, rule: String) async throws {
    try await expectFailure(of: rule, isHang: fault.makesWait) { limit in
      try await exerciseQueue(order: .fifo, limit: limit, only: rule) {
        PollingQueue(capacity: $0, fault: fault)
      }
    }
  }

  @Test("another order than was said is found")
  func wrongOrder() async {
    for order in [ElementOrder.lifo, .sorted(by: <)] {
      let failure = await #expect(throws: ConformanceFailure.self) {
        try await exerciseQueue(order: order) { PollingQueue(capacity: $0) }
      }
      #expect(failure?.rule == "elements come out in its order")
    }
  }

  @Test("a queue that lets its elements go passes, and one that keeps them is found")
  func drops() async throws {
    try await exerciseQueueDrops { PollingQueue<TrackedElement>(capacity: $0) }
    for fault in [PollingQueue<TrackedElement>.Fault.keepsElements, .immediateKeeps] {
      await #expect(throws: ConformanceFailure.self) {
        try await exerciseQueueDrops { PollingQueue<TrackedElement>(capacity: $0, fault: fault) }
      }
    }
  }
}

private let faults: [(PollingQueue<Int>.Fault, String)] = [
  (.wrongOrder, "elements come out in its order"),
  (.miscounts, "elements come out in its order"),
  (.triesAlwaysFail, "it holds as many as its capacity"),
  (.ignoresCapacity, "it holds as many as its capacity"),
  (.getTakesAtTimeout, "a timed wait ends without an element moved"),
  (.getTakesAtCancellation, "a cancelled wait ends without an element moved"),
  (.ignoresCancellation, "a cancelled wait ends without an element moved"),
  (.putStaysAtCancellation, "a cancelled wait ends without an element moved"),
  (.isUnfair, "those who get are served first in, first out"),
  (.isUnfair, "those who put are served first in, first out"),
  (.joinsEarly, "a join waits until all elements have been dealt with"),
  (.shutdownWakesNobody, "a shutdown wakes all who wait"),
  (.drainDrops, "a shutdown that drains keeps what is inside, and takes nothing"),
  (.drainTakesPuts, "a shutdown that drains keeps what is inside, and takes nothing"),
  (.immediateKeeps, "an immediate shutdown drops what is inside"),
  (.immediateForgetsJoin, "an immediate shutdown drops what is inside"),
  (.wrongOrder, "one producer and one consumer exchange all elements"),
  (.doublesElements, "one producer and one consumer exchange all elements"),
  (.doublesElements, "many producers and consumers exchange each element once"),
  (.losesElements, "many producers and consumers exchange each element once"),
]
