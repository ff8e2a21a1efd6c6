internal import SkeinSync

/// A buffer that makes its producers and its consumers wait.
struct ConditionExperiment: Experiment {
  let name = "condition"
  let section = "16.2.2"
  let title = "BoundedBuffer: producers wait while it is full, consumers while it is empty"
  let lesson = """
    Who waits for a condition leaves the lock and has it again when the predicate holds, which the call itself \
    checks. With a condition for either side, a change wakes one who can go on, not everybody as in the chapter.
    """
  let uses = ["Condition.withLock(when:)", "Condition.notify", "Lock"]

  /// The chapter's buffer.
  private final class BoundedBuffer: Sendable {
    struct State: Sendable {
      var items: [String] = []
      var sizes: [Int] = []
      var put: [String] = []
      var taken: [String] = []
    }

    let capacity: Int
    let lock: Lock<State>
    let notFull: Condition<State>
    let notEmpty: Condition<State>

    init(capacity: Int) {
      self.capacity = capacity
      lock = Lock(State(), name: "BoundedBuffer")
      notFull = Condition(of: lock, name: "not full")
      notEmpty = Condition(of: lock, name: "not empty")
    }

    func put(_ item: String) throws -> Int {
      try notFull.withLock(when: { $0.items.count < capacity }) { state in
        state.items.append(item)
        state.put.append(item)
        state.sizes.append(state.items.count)
        notEmpty.notify()
        return state.items.count
      }
    }

    func get() throws -> (item: String, size: Int) {
      try notEmpty.withLock(when: { !$0.items.isEmpty }) { state in
        let item = state.items.removeFirst()
        state.taken.append(item)
        state.sizes.append(state.items.count)
        notFull.notify()
        return (item, state.items.count)
      }
    }
  }

  func run(_ notes: LabNotes) async throws {
    let buffer = BoundedBuffer(capacity: 3)
    let producers = (0..<2).map { index in
      LabThread("Producer-\(index)") {
        for number in 0..<5 {
          let size = try buffer.put("P\(index)-\(number)")
          notes.step("Producer-\(index)", "produced P\(index)-\(number) (size=\(size))")
          imitateWork(.milliseconds(1))
        }
      }
    }
    let consumers = (0..<2).map { index in
      LabThread("Consumer-\(index)") {
        // The first of them come when the buffer is full and both producers wait.
        waitUntil { buffer.notFull.waiterCount == 2 || buffer.lock.withLock { $0.put.count } > 3 }
        for _ in 0..<5 {
          let (item, size) = try buffer.get()
          notes.step("Consumer-\(index)", "consumed \(item) (size=\(size))")
          imitateWork(.milliseconds(4))
        }
      }
    }
    try await runThreads(producers + consumers)
    check(notes, buffer.lock.withLock { $0 })
  }

  private func check(_ notes: LabNotes, _ end: BoundedBuffer.State) {
    let all = (0..<2).flatMap { producer in (0..<5).map { "P\(producer)-\($0)" } }
    notes.check("items consumed, each once", is: all, observed: end.taken.sorted())
    notes.check(
      "the order in which they were consumed", expected: "the one in which they were produced",
      observed: end.taken == end.put ? "the one in which they were produced" : LabText.value(end.taken),
      end.taken == end.put)
    notes.check("the largest size", is: 3, observed: end.sizes.max() ?? 0)
    notes.check("items left", is: 0, observed: end.items.count)
  }
}
