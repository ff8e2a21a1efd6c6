internal import SkeinSync

/// What a lock does for those who can not have it now.
struct LockExperiment: Experiment {
  let name = "lock"
  let section = "16.2.2"
  let title = "SafeCounter: a lock owns what it guards, and waiting for it can end"
  let lesson = """
    One thread at a time is inside. The state can be reached through the lock alone, so that no call can forget \
    it; who can not or will not wait tries, or gives a time.
    """
  let uses = ["Lock.withLock", "Lock.tryLock", "Lock.withLock(timeout:)"]

  /// The chapter's counter; it also keeps how many threads were inside at once.
  private struct Counter {
    var value = 0
    var inside = 0
    var mostInside = 0
  }

  func run(_ notes: LabNotes) async throws {
    try await count(notes)
    try await contend(notes)
  }

  private func count(_ notes: LabNotes) async throws {
    let counter = Lock(Counter(), name: "SafeCounter")
    try await RaceExperiment.countAtOnce {
      counter.withLock { counter in
        counter.inside += 1
        counter.mostInside = max(counter.mostInside, counter.inside)
        counter.value += 1
        counter.inside -= 1
      }
    }
    let end = counter.withLock { $0 }
    notes.step(nil, "ten threads have counted to \(LabText.value(end.value)) under the lock")
    notes.check("the counter", is: RaceExperiment.threads * RaceExperiment.increments, observed: end.value)
    notes.check("threads inside at once, at the most", is: 1, observed: end.mostInside)
  }

  private func contend(_ notes: LabNotes) async throws {
    let account = Lock(100, name: "account")
    let isHeld = Event(name: "account is held")
    let isTried = Event(name: "account was tried")
    try await runThreads([
      LabThread("Holder") {
        account.withLock { balance in
          notes.step("Holder", "holds the account")
          isHeld.set()
          try? isTried.wait()
          balance += 1
        }
        notes.step("Holder", "leaves it")
      },
      LabThread("Visitor") {
        try isHeld.wait()
        defer { isTried.set() }
        let balance = try account.tryLock { $0 }
        let answer = balance.map { "\($0)" } ?? "nil"
        notes.step("Visitor", "tryLock returns \(answer) at once")
        notes.check("tryLock while another thread holds it", is: "nil", observed: answer)
        let refusal = LabText.ending { try account.withLock(timeout: .milliseconds(50)) { _ in } }
        notes.step("Visitor", "withLock(timeout: 50 ms) ends so: \(refusal)")
        notes.check(
          "withLock(timeout:) while another thread holds it",
          is: LabText.value(LockError.timedOut("account")), observed: refusal)
      },
    ])
    notes.check("the balance, once it was left", is: 101, observed: account.withLock { $0 })
  }
}
