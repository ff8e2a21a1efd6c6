internal import SkeinFutures
internal import SkeinSync

/// The chapter's chain of callbacks, without its sleep.
struct FutureChainExperiment: Experiment {
  let name = "future-chain"
  let section = "16.2.5"
  let title = "Fetch, parse, store: each step begins when the one before is done"
  let lesson = """
    The chapter hangs each step on a callback of the last one, and sleeps for three seconds in the hope that all is done by \
    then. Futures that are made of futures have an end that can be awaited, hand an error on to it, and are cancelled \
    from there.
    """
  let uses = ["Future.flatMap", "Future.recover", "Future.cancel"]

  func run(_ notes: LabNotes) async throws {
    let pool = try ThreadPool(threads: 3, name: "pipeline")
    try await chain(pool, notes)
    try await fail(pool, notes)
    try await cancel(notes)
    await pool.shutdown()
  }

  /// The three steps, each of them a job of the pool.
  private func pipeline(
    _ source: String, on pool: ThreadPool, _ notes: LabNotes
  ) async throws -> Future<String> {
    try await pool.submit {
      imitateWork(.milliseconds(10))
      notes.step("fetch", "from \(source)")
      if source == "nowhere" { throw LabError("there is no \(source)") }
      return "raw_data_from_\(source)"
    }.flatMap { raw in
      try pool.trySubmit {
        imitateWork(.milliseconds(5))
        notes.step("parse", raw)
        return raw.replacing("raw_data_from_", with: "parsed: ")
      }
    }.flatMap { parsed in
      try pool.trySubmit {
        imitateWork(.milliseconds(3))
        notes.step("store", parsed)
        return "stored[\(parsed)]"
      }
    }
  }

  private func chain(_ pool: ThreadPool, _ notes: LabNotes) async throws {
    let future = try await pipeline("database", on: pool, notes)
    notes.check("the end of the chain", is: "stored[parsed: database]", observed: try await future.value)
  }

  private func fail(_ pool: ThreadPool, _ notes: LabNotes) async throws {
    let future = try await pipeline("nowhere", on: pool, notes)
    let recovered = future.recover { error in "nothing, because \(error)" }
    notes.check(
      "an error of the first step, recovered at the end", is: "nothing, because there is no nowhere",
      observed: try await recovered.value)
  }

  /// A chain whose first step has not begun is cancelled from its end.
  private func cancel(_ notes: LabNotes) async throws {
    let pool = try ThreadPool(threads: 1, name: "busy")
    let gate = Event(name: "gate")
    let busy = try await pool.submit { try gate.wait() }
    let first = try await pool.submit { 1 }
    let last = first.map { $0 + 1 }.map { $0 + 1 }
    last.cancel()
    gate.set()
    try await busy.value
    await pool.shutdown()
    notes.check("the first step, after its chain was cancelled", is: "cancelled", observed: "\(first.state)")
  }
}
