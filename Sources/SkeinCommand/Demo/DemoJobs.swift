internal import CSkein
internal import SkeinBuiltinJobs
internal import SkeinJobs
internal import SkeinWork

/// Compiled jobs of the demo that no worker would like to have in its own process. Nobody else can submit them.
enum DemoJobs {
  static let all: [any Job.Type] = [DemoTrap.self, DemoLoop.self]

  /// What the demo's workers know: them, and what all workers do.
  static var registry: JobRegistry {
    get throws {
      var registry = KnownJobs.registry
      for job in all { try registry.register(job) }
      return registry
    }
  }
}

/// Traps for an index beyond the end of an array, which ends the process. In release only this form says why.
struct DemoTrap: Job {
  static let name = "demo.trap"
  var index: Int

  func run(in context: JobContext) async throws -> Int {
    let numbers = [1, 2, 3]
    context.appendLog(line: "index \(index) of \(numbers.count)")
    guard numbers.indices.contains(index) else { fatalError("index \(index) is out of range") }
    return numbers[index]
  }
}

/// Computes in C for ever: no cancellation is seen there.
struct DemoLoop: Job {
  static let name = "demo.loop"

  func run(in context: JobContext) async throws -> Nothing {
    while true { skein_spin_hint() }
  }
}
