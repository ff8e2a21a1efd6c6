import BenchReport

/// How many times as fast a case is on several threads as it is on one, for each system.
struct SpeedUp: Codable {
  /// The cases that belong together: on one thread, and on several.
  private static let pairs = [
    ("growth.1", "growth.2"), ("cpu-bound.sequential", "cpu-bound.threads"),
    ("io-bound.sequential", "io-bound.threads"), ("count.1", "count.4"),
    ("primes.sequential", "primes.processes"), ("compute.sequential", "compute.processes"),
  ]

  let alone: String
  let together: String
  let factors: [System.ID: Spread]

  /// Those that the rows have, as far as they were measured.
  static func all(_ rows: [Row], _ samples: [Samples]) -> [SpeedUp] {
    let names = Set(rows.map(\.name))
    return pairs.filter { names.isSuperset(of: [$0.0, $0.1]) }
      .map { SpeedUp(alone: $0.0, together: $0.1, samples) }
      .filter { !$0.factors.isEmpty }
  }

  private init(alone: String, together: String, _ samples: [Samples]) {
    (self.alone, self.together) = (alone, together)
    var factors: [System.ID: Spread] = [:]
    for system in samples {
      let several = system.figures(together, .nanoseconds)
      let ratios = system.figures(alone, .nanoseconds).compactMap { round, one in
        several[round].map { one / $0 }
      }
      factors[system.system] = Spread(ratios)
    }
    self.factors = factors
  }

  func text(_ samples: [Samples]) -> String {
    let parts = samples.compactMap { system in
      factors[system.system].map { "\(system.name) \($0.median.shortened)" }
    }
    return "\(alone) ÷ \(together): \(parts.joined(separator: ", "))"
  }
}
