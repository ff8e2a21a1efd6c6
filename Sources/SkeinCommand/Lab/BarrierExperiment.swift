internal import SkeinSync

/// A computation in two phases.
struct BarrierExperiment: Experiment {
  let name = "barrier"
  let section = "16.2.2"
  let title = "Four workers, two phases: nobody begins phase 2 before all have ended phase 1"
  let lesson = """
    A barrier holds everybody until the last one has come, and is ready for the next round at once. Each gets a \
    number of its own from wait, so that one of them can be chosen for what is to be done once.
    """
  let uses = ["Barrier.wait"]

  private static let workers = 4

  private enum Moment: Sendable, Equatable {
    case endsPhase1
    case beginsPhase2
    case endsAll
  }

  func run(_ notes: LabNotes) async throws {
    let barrier = Barrier(parties: Self.workers, name: "phases")
    let moments = Lock<[Moment]>([], name: "moments")
    let numbers = Lock<[Int]>([], name: "numbers")
    try await runThreads(Self.workers, named: "Worker") { index in
      let worker = "Worker-\(index)"
      imitateWork(.milliseconds(10 * (index + 1)))
      notes.step(worker, "has done phase 1 and waits for the others")
      moments.withLock { $0.append(.endsPhase1) }
      let number = try barrier.wait()
      moments.withLock { $0.append(.beginsPhase2) }
      numbers.withLock { $0.append(number) }
      notes.step(worker, "begins phase 2")
      imitateWork(.milliseconds(10 * (Self.workers - index)))
      try barrier.wait()
      moments.withLock { $0.append(.endsAll) }
      notes.step(worker, "is done")
    }
    check(notes, moments.withLock { $0 }, numbers.withLock { $0 })
  }

  private func check(_ notes: LabNotes, _ moments: [Moment], _ numbers: [Int]) {
    let firstBegin = moments.firstIndex(of: .beginsPhase2) ?? 0
    let endsBefore = moments[..<firstBegin].count { $0 == .endsPhase1 }
    notes.check("workers that had ended phase 1 when phase 2 began", is: Self.workers, observed: endsBefore)
    let firstEnd = moments.firstIndex(of: .endsAll) ?? 0
    let beginsBefore = moments[..<firstEnd].count { $0 == .beginsPhase2 }
    notes.check("workers in phase 2 when the first one was done", is: Self.workers, observed: beginsBefore)
    notes.check(
      "numbers given by wait", is: "0 1 2 3",
      observed: numbers.sorted().map(String.init).joined(separator: " "))
  }
}
