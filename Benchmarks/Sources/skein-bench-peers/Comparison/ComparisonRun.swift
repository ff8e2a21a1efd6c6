import BenchReport
import Foundation

/// Measures some rows on some systems.
struct ComparisonRun {
  let suite: Suite
  let rows: [Row]
  let systems: [System]
  let rounds: Int
  /// How long each case is measured for.
  let seconds: Double

  /// Goes round all systems for each family and round, so that a slow minute of the machine does not fall on one.
  func perform() async throws -> [Samples] {
    var samples = systems.map { Samples(of: $0) }
    for index in systems.indices { await greet(systems[index], &samples[index]) }
    for family in suite.families {
      let rows = rows.filter { $0.family == family }
      guard !rows.isEmpty else { continue }
      for round in 1...rounds {
        say("\(family.rawValue), round \(round) of \(rounds)")
        for index in systems.indices where systems[index].families.contains(family) {
          await measure(rows, round, systems[index], &samples[index])
        }
      }
    }
    return samples
  }

  /// Finds out whether a system is there, and its version.
  private func greet(_ system: System, _ samples: inout Samples) async {
    let isThere = FileManager.default.fileExists(atPath: system.needs)
    guard isThere, let version = try? await system.version() else {
      samples.trouble =
        "skipped, not installed; './bench --install-peers=\(suite.rawValue)' gets it (Debian: \(system.packages))"
      return say("\(system.name): \(samples.trouble!)")
    }
    samples.version = version
  }

  /// Measures a family once. What a system that fails has measured before counts.
  private func measure(_ rows: [Row], _ round: Int, _ system: System, _ samples: inout Samples) async {
    guard samples.version != nil else { return }
    var names: [String] = []
    for row in rows where !names.contains(row.name(for: system.id)) { names.append(row.name(for: system.id)) }
    do {
      let (answers, trouble) = try await system.measure(names, seconds: seconds)
      for answer in answers { samples.add(answer, round: round) }
      if let trouble {
        note("\(trouble), after \(answers.count) of \(names.count) cases", rows, round, &samples)
      }
    } catch {
      note("\(error)", rows, round, &samples)
    }
  }

  private func note(_ trouble: String, _ rows: [Row], _ round: Int, _ samples: inout Samples) {
    samples.trouble = "\(rows[0].family.rawValue), round \(round): \(trouble)"
    say("\(samples.name): \(samples.trouble!)")
  }
}
