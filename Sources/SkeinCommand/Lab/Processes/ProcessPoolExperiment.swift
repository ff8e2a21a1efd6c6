internal import SkeinFutures
internal import SkeinProcesses

/// The chapter's search for primes, on processes and one after the other.
struct ProcessPoolExperiment: Experiment {
  let name = "process-pool"
  let section = "16.3.3"
  let title = "Primes below 800,000 in 8 ranges: on a pool of processes, results as they come, and in a row"
  let lesson = """
    Functions that compute run on as many processors as there are. In Swift threads would do that too, without a second \
    memory; a process also contains what crashes, leaks or never ends.
    """
  let uses = ["ProcessPool", "ProcessPool.submit", "asCompleted", "ProcessPool.map"]

  private static let ranges = (0..<8).map { $0 * 100_000..<($0 + 1) * 100_000 }
  private static let primes = 63_951

  func run(_ notes: LabNotes) async throws {
    let pool = try ProcessPool(processes: 4, name: "primes")
    let clock = ContinuousClock()
    var total = 0
    let spent = try await clock.measure {
      var ranges: [ObjectIdentifier: Range<Int>] = [:]
      var futures: [Future<Int>] = []
      for range in Self.ranges {
        let future = try await pool.submit(FindPrimes(range: range))
        ranges[ObjectIdentifier(future)] = range
        futures.append(future)
      }
      for try await future in asCompleted(futures) {
        let count = try await future.value
        notes.step(nil, "\(ranges[ObjectIdentifier(future)]!): \(count) primes")
        total += count
      }
    }
    notes.step(nil, "\(pool.processIDs.count) processes: \(LabText.value(spent))")
    let mapped = try await pool.map(Self.ranges.map { FindPrimes(range: $0) })
    await pool.shutdown()
    var inARow = 0
    let alone = clock.measure { inARow = Self.ranges.map { FindPrimes(range: $0).run() }.reduce(0, +) }
    notes.step(nil, "one after the other: \(LabText.value(alone))")
    notes.check("primes that the processes found", is: Self.primes, observed: total)
    notes.check("primes by a map, in the ranges' order", is: Self.primes, observed: mapped.reduce(0, +))
    notes.check("primes found one after the other", is: Self.primes, observed: inARow)
  }
}
