import SkeinTesting
import Testing

@Suite("exerciseChannel")
struct ChannelConformanceTests {
  @Test("a right channel keeps the rules, for tasks and threads together, and for each alone")
  func right() async throws {
    for forms in [WaitingForm.allCases, [.task], [.thread]] {
      try await exerciseChannel(forms: forms) { adaptor(capacity: $0) }
    }
  }

  @Test("each fault is found by its rule", arguments: faults)
  func fault(_ fault: PollingQueue<Int>.Fault, rule: String) async throws {
    try await expectFailure(of: rule, isHang: fault.makesWait) { limit in
      try await exerciseChannel(limit: limit, only: rule) { adaptor(capacity: $0, fault: fault) }
    }
  }

  @Test("a channel that only claims to have a rendezvous is found")
  func rendezvous() async throws {
    try await expectFailure(of: "with capacity 0, a send waits for its receive", isHang: false) { limit in
      try await exerciseChannel(allowsRendezvous: true, limit: limit) {
        adaptor(capacity: $0.map { max(1, $0) })
      }
    }
  }
}

private func adaptor(capacity: Int?, fault: PollingQueue<Int>.Fault? = nil) -> ChannelAdaptor {
  let queue = PollingQueue<Int>(capacity: capacity, fault: fault)
  return ChannelAdaptor(
    send: { try await queue.put($0) }, blockingSend: { try queue.put($0) }, trySend: { queue.tryPut($0) },
    receive: { try await queue.get() }, blockingReceive: { try queue.get() }, tryReceive: { queue.tryGet() },
    close: { queue.shutdownDraining() }, waiterCount: { queue.waiterCount })
}

private let faults: [(PollingQueue<Int>.Fault, String)] = [
  (.wrongOrder, "elements are received in the order in which they were sent"),
  (.triesAlwaysFail, "elements are received in the order in which they were sent"),
  (.ignoresCapacity, "it holds as many as its capacity"),
  (.getTakesAtCancellation, "a cancelled wait ends without an element moved"),
  (.ignoresCancellation, "a cancelled wait ends without an element moved"),
  (.putStaysAtCancellation, "a cancelled wait ends without an element moved"),
  (.isUnfair, "those who receive are served first in, first out"),
  (.isUnfair, "those who send are served first in, first out"),
  (.shutdownWakesNobody, "a close wakes all who wait"),
  (.drainDrops, "what was sent before a close is received after it"),
  (.drainTakesPuts, "what was sent before a close is received after it"),
  (.losesElements, "many senders and receivers exchange each element once"),
  (.doublesElements, "many senders and receivers exchange each element once"),
]
