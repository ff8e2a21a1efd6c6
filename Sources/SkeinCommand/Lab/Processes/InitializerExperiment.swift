internal import SkeinProcesses
internal import SkeinWork

/// What each process of a pool is told before it begins.
struct InitializerExperiment: Experiment {
  let name = "initializer"
  let section = "16.3.3"
  let title = "Each process of a pool is given a factor once, and multiplies chunks of numbers by it"
  let lesson = """
    What all calls need is sent to each process once. An initialiser that fails breaks the pool, with its error, instead \
    of starting processes without end.
    """
  let uses = ["ProcessPool.Options.initialiser", "ProcessPool.map", "Packed"]

  func run(_ notes: LabNotes) async throws {
    var options = ProcessPool.Options()
    options.initialiser = ShareFactor(factor: 2)
    let pool = try ProcessPool(processes: 4, name: "chunks", options: options)
    let chunks = (0..<4).map { _ in SumOfProducts(chunk: Packed(0..<1000)) }
    let results = try await pool.map(chunks)
    await pool.shutdown()
    notes.step(nil, "the chunks: \(results.map { LabText.value($0) }.joined(separator: ", "))")
    notes.check("each chunk's sum", is: [999_000, 999_000, 999_000, 999_000], observed: results)
    notes.check("all of them", is: 3_996_000, observed: results.reduce(0, +))
  }
}
