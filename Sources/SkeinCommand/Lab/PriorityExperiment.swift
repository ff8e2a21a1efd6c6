internal import SkeinSync

/// Queues that do not give out first what came first.
struct PriorityExperiment: Experiment {
  let name = "priority"
  let section = "16.2.3"
  let title = "PriorityQueue: the most urgent first, equal ones in turn; LIFOQueue: the latest first"
  let lesson = """
    The order is a comparison that you give, and equal elements stay in the order in which they came. (Python \
    compares the tuples' texts then, so that the chapter's other high priority task comes out before the first.)
    """
  let uses = ["PriorityQueue(by:)", "LIFOQueue", "shutdown"]

  private struct Entry: Sendable {
    var priority: Int
    var task: String
  }

  func run(_ notes: LabNotes) async throws {
    try await prioritise(notes)
    try await checkTurns(notes)
    try await reverse(notes)
  }

  private func prioritise(_ notes: LabNotes) async throws {
    let queue = PriorityQueue<Entry>(by: { $0.priority < $1.priority }, name: "priorities")
    let processed = Lock<[String]>([], name: "processed")
    try await runThreads([
      LabThread("Producer") {
        let tasks = [
          (3, "low"), (1, "high"), (2, "medium"), (1, "another high"), (3, "another low"),
        ]
        for (priority, task) in tasks {
          try queue.put(Entry(priority: priority, task: task))
          notes.step("Producer", "puts [\(priority)] \(task)")
        }
        queue.shutdown()
      }
    ])
    try await runThreads([
      LabThread("Consumer") {
        while let entry = try? queue.get() {
          notes.step("Consumer", "gets [\(entry.priority)] \(entry.task)")
          processed.withLock { $0.append(entry.task) }
        }
      }
    ])
    notes.check(
      "the order", is: ["high", "another high", "medium", "low", "another low"],
      observed: processed.withLock { $0 })
  }

  private func checkTurns(_ notes: LabNotes) async throws {
    struct Numbered: Sendable, Equatable { var priority, number: Int }
    let queue = PriorityQueue<Numbered>(by: { $0.priority < $1.priority })
    // Seven is prime to ten: all priorities, in a mixed order.
    let entries = (0..<10_000).map { Numbered(priority: $0 * 7 % 10, number: $0) }
    for entry in entries { try await queue.put(entry) }
    var outcome: [Numbered] = []
    while let entry = queue.tryGet() { outcome.append(entry) }
    let expected = entries.sorted { ($0.priority, $0.number) < ($1.priority, $1.number) }
    let inPlace = zip(expected, outcome).count { $0 == $1 }
    notes.step(
      nil, "10,000 elements of ten priorities, mixed: \(LabText.value(inPlace)) come out in their turn")
    notes.check("elements that come out in their turn", is: entries.count, observed: inPlace)
  }

  private func reverse(_ notes: LabNotes) async throws {
    let queue = LIFOQueue<String>(name: "last in, first out")
    for number in 0..<5 { try await queue.put("Item-\(number)") }
    var order: [String] = []
    while let item = queue.tryGet() { order.append(item) }
    notes.step(
      nil, "a LIFO queue gives out what was put in as Item-0 … Item-4: \(order.joined(separator: ", "))")
    notes.check("last in, first out", is: (0..<5).reversed().map { "Item-\($0)" }, observed: order)
  }
}
