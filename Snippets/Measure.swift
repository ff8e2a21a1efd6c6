// How long something takes, measured until the answer can be trusted.

import SkeinFutures

func splitWords() throws {
  let text = String(repeating: "threads and tasks ", count: 100)
  // The text goes through a black hole, or else it might all be computed when this is compiled.
  let timing = try measure(iterations: 50) { blackHole(text).split(separator: " ").count }
  print(timing)
  print(timing.table)
  if let interval = timing.medianInterval(level: 0.99) {
    print("the true median lies between \(interval.lowerBound) and \(interval.upperBound)")
  }
}

func takeTurns() async throws {
  // Awaited, it measures asynchronous code, waits included.
  let timing = try await measure(iterations: 50) { await Task.yield() }
  print("a turn takes \(timing.median), one in ten more than \(timing.p90)")
}

try splitWords()
try await takeTurns()
