internal import FoundationEssentials
internal import SkeinSync
internal import SkeinWork

/// Two threads that take two locks in opposite orders.
struct DeadlockExperiment: Experiment {
  let name = "deadlock"
  let section = "16.6.1"
  let title = "Two threads take two locks in opposite orders: who waits for whom, and how to avoid it"
  let lesson = """
    A deadlock is a circle of waits, and its members can be named; the chapter only notices that threads have not \
    ended after three seconds. Taken together, locks have one order. The order check finds the fault even in a run \
    in which nothing hangs.
    """
  let uses = ["Diagnostics.snapshot", "withLocks", "Diagnostics.start(lockOrder:)"]

  func run(_ notes: LabNotes) async throws {
    try await fallIn(notes)
    try await avoid(notes)
    try await foresee(notes)
  }

  // MARK: The deadlock

  private func fallIn(_ notes: LabNotes) async throws {
    notes.step(
      nil, "in a process of its own, Task1 takes lock_a and lock_b, Task2 lock_b and lock_a")
    let child = try await LabChild.run(.deadlock)
    let who = "process \(child.processID)"
    guard let finding = child.result(DeadlockRole.Finding.self) else {
      return notes.fail("the process found no deadlock: it \(child.end), and wrote: \(child.output)")
    }
    notes.step(who, "after \(finding.milliseconds) ms the diagnosis says:\n\(finding.text)")
    notes.step(who, "\(child.end)")
    notes.check("the deadlock", is: "certain", observed: finding.certainty)
    notes.check("threads in the circle", is: ["Task1", "Task2"], observed: finding.threads.sorted())
    notes.check("locks in the circle", is: ["lock_a", "lock_b"], observed: finding.locks.sorted())
    notes.check("the process", is: "\(LabChild.End.hung)", observed: "\(child.end)")
  }

  // MARK: The ways out

  private static let rounds = 10_000

  private func avoid(_ notes: LabNotes) async throws {
    let lockA = Lock(0, name: "lock_a")
    let lockB = Lock(0, name: "lock_b")
    try await runThreads([
      LabThread("Task1") {
        for _ in 0..<Self.rounds {
          withLocks(lockA, lockB) {
            $0 += 1; $1 += 1
          }
        }
      },
      LabThread("Task2") {
        for _ in 0..<Self.rounds {
          withLocks(lockB, lockA) {
            $0 += 1; $1 += 1
          }
        }
      },
    ])
    let total = withLocks(lockA, lockB) { $0 + $1 }
    notes.step(nil, "with withLocks(a, b) and withLocks(b, a), 10,000 times each, both end")
    notes.check("additions under both locks", is: 4 * Self.rounds, observed: total)
  }

  private func foresee(_ notes: LabNotes) async throws {
    notes.step(
      nil, "with the order check on, Task1 does so to its end, and only then Task2")
    let child = try await LabChild.run(.inversion)
    let who = "process \(child.processID)"
    guard let finding = child.result(InversionRole.Finding.self) else {
      return notes.fail("the process reported nothing: it \(child.end), and wrote: \(child.output)")
    }
    notes.step(who, "reports:\n\(finding.text)")
    notes.check("reports of the order check", is: ["lockOrder"], observed: finding.kinds)
    let names = ["lock_a", "lock_b", "Task1", "Task2"].filter { finding.text.contains($0) }
    notes.check("named in it", is: ["lock_a", "lock_b", "Task1", "Task2"], observed: names)
    notes.check(
      "the process, in which nothing hung", is: "\(LabChild.End.exited(0))", observed: "\(child.end)")
  }
}

extension LabChild {
  /// What the process wrote about itself.
  func result<Value: Decodable>(_ type: Value.Type) -> Value? {
    try? JSONCodec().decode(type, from: Data(output.utf8))
  }
}
