internal import SkeinSync

/// A dictionary that threads share.
struct DictionaryExperiment: Experiment {
  let name = "dictionary"
  let section = "16.9"
  let title = "ThreadSafeDictionary: an atomic update loses nothing, two safe steps do"
  let lesson = """
    A dictionary without a lock is spoilt by two threads that change it. One whose every call is safe is not \
    enough: between a get and a set, others come in. What has to be one step has to be one call.
    """
  let uses = ["ThreadSafeDictionary.update", "subscript", "value(forKey:)", "removeValue(forKey:)"]

  private static let threads = 4
  private static let words = ["event", "lock", "queue", "task"]
  private static let rounds = 5000
  private static var expected: Int { threads * words.count * rounds }

  func run(_ notes: LabNotes) async throws {
    try await spoil(notes)
    useOnce(notes)
    notes.step(nil, "4 threads count 4 words 5,000 times each: \(LabText.value(Self.expected)) in all")
    let (left, rounds) = try await repeatUntilLoss(of: Self.expected) {
      try await Self.count { counts, word in counts[word] = (counts[word] ?? 0) + 1 }
    }
    notes.step(
      nil,
      "get, add and set as two calls: \(LabText.value(left)) are counted"
        + (rounds > 1 ? " (in round \(rounds))" : ""))
    notes.check(
      "counted by a get and a set", expected: "less than \(LabText.value(Self.expected))",
      observed: LabText.value(left), left < Self.expected)
    let exact = try await Self.count { counts, word in counts.update(word) { $0 = ($0 ?? 0) + 1 } }
    notes.step(nil, "as one update: \(LabText.value(exact))")
    notes.check("counted by one update", is: Self.expected, observed: exact)
  }

  private static func count(
    _ add: @escaping @Sendable (ThreadSafeDictionary<String, Int>, String) -> Void
  ) async throws -> Int {
    let counts = ThreadSafeDictionary<String, Int>(name: "counts")
    let start = Barrier(parties: threads, name: "start")
    try await runThreads(threads, named: "Counter") { _ in
      try start.wait()
      for _ in 0..<rounds { for word in words { add(counts, word) } }
    }
    return counts.snapshot().values.reduce(0, +)
  }

  /// The exercise: get, set and delete.
  private func useOnce(_ notes: LabNotes) {
    let dictionary = ThreadSafeDictionary<String, Int>(name: "ThreadSafeDict")
    dictionary["answer"] = 42
    let got = dictionary.value(forKey: "answer")
    let deleted = dictionary.removeValue(forKey: "answer")
    notes.step(nil, "set, get and delete: \(got ?? 0), then \(deleted ?? 0), then \(dictionary.count) left")
    notes.check(
      "set, get and delete", is: "42 42 0", observed: "\(got ?? 0) \(deleted ?? 0) \(dictionary.count)")
  }

  // MARK: Without a lock

  private func spoil(_ notes: LabNotes) async throws {
    let child = try await LabChild.run(.dictionary, limit: .seconds(1))
    let said = child.output.split(separator: "\n").first.map(String.init) ?? "it wrote nothing"
    let outcome = child.end == .exited(0) ? said : "\(child.end)"
    notes.step(
      "process \(child.processID)",
      "counts in a plain dictionary, with threads and without a lock: \(outcome)")
    let isSpoilt =
      switch child.end {
      case .exited(let code): code == 0 && said.hasSuffix(Self.incomplete)
      case .signalled, .hung: true
      }
    notes.check(
      "a plain dictionary without a lock", expected: "a process that is spoilt, or less than everything",
      observed: outcome, isSpoilt)
  }

  private static let incomplete = "are counted, and not all"

  /// What the process in the role does: all of it is against the language's rules.
  static func countUnsynchronised() async throws {
    final class Counts: @unchecked Sendable {
      // It is not: that is what is shown, in a process that may end of it.
      var values: [String: Int] = [:]
    }
    let (left, _) = try await repeatUntilLoss(of: expected, limit: .milliseconds(800)) {
      let counts = Counts()
      let start = Barrier(parties: threads, name: "start")
      try await runThreads(threads, named: "Counter") { _ in
        try start.wait()
        for _ in 0..<rounds { for word in words { counts.values[word, default: 0] += 1 } }
      }
      return counts.values.values.reduce(0, +)
    }
    let end = left == expected ? "are counted, all" : incomplete
    try Console.shared.line("\(LabText.value(left)) of \(LabText.value(expected)) \(end)")
  }
}
