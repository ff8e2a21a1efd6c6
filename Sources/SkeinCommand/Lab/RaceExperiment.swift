internal import SkeinSync
internal import Synchronization

/// Updates that are lost when threads read, add and write without a lock.
struct RaceExperiment: Experiment {
  let name = "race"
  let section = "16.2.2"
  let title = "Ten threads count to a million, without a lock and with one"
  let lesson = """
    Reading, adding and writing are three steps: what another thread writes in between is overwritten. The three \
    have to be one, under a lock or as an atomic operation.
    """
  let uses = ["Lock.withLock", "Synchronization.Atomic"]

  static let threads = 10
  static let increments = 100_000

  /// The chapter's `UnsafeCounter`. Each step is atomic, so that nothing but the race is wrong with it.
  private final class UnsafeCounter: Sendable {
    private let word = Atomic(0)

    var value: Int { word.load(ordering: .relaxed) }

    func increment() {
      var temp = word.load(ordering: .relaxed)
      temp += 1
      word.store(temp, ordering: .relaxed)
    }
  }

  /// The chapter's `SafeCounter`.
  final class SafeCounter: Sendable {
    private let lock = Lock(0, name: "SafeCounter")

    var value: Int { lock.withLock { $0 } }

    func increment() { lock.withLock { $0 += 1 } }
  }

  /// A counter with one step.
  private final class AtomicCounter: Sendable {
    private let word = Atomic(0)

    var value: Int { word.load(ordering: .relaxed) }

    func increment() { word.add(1, ordering: .relaxed) }
  }

  func run(_ notes: LabNotes) async throws {
    let expected = Self.threads * Self.increments
    notes.step(nil, "\(Self.threads) threads do 100,000 times each: temp = value; temp += 1; value = temp")
    let (left, rounds) = try await repeatUntilLoss(of: expected) {
      let counter = UnsafeCounter()
      try await Self.countAtOnce { counter.increment() }
      return counter.value
    }
    let lost = expected - left
    notes.step(
      nil, "the unsafe counter has \(LabText.value(left)): \(LabText.value(lost)) updates are lost")
    if rounds > 1 { notes.step(nil, "(rounds before it that lost none, by luck: \(rounds - 1))") }
    notes.check(
      "the unsafe counter", expected: "less than \(LabText.value(expected))", observed: LabText.value(left),
      left < expected)

    let safe = SafeCounter()
    try await Self.countAtOnce { safe.increment() }
    notes.step(nil, "the same with a lock around the three steps: \(LabText.value(safe.value))")
    notes.check("the counter with a lock", is: expected, observed: safe.value)

    let atomic = AtomicCounter()
    try await Self.countAtOnce { atomic.increment() }
    notes.step(nil, "the same as one atomic addition: \(LabText.value(atomic.value))")
    notes.check("the atomic counter", is: expected, observed: atomic.value)
  }

  /// Runs `increment` in all threads, which begin together.
  static func countAtOnce(_ increment: @escaping @Sendable () -> Void) async throws {
    let start = Barrier(parties: threads, name: "start")
    try await runThreads(threads, named: "Counter") { _ in
      try start.wait()
      for _ in 0..<increments { increment() }
    }
  }
}
