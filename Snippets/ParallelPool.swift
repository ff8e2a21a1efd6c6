// Work that computes, on all processors.

import SkeinFutures

func compute(on pool: ParallelPool) async throws {
  let numbers = (1...100_000).map(Double.init)

  // Loops.
  let roots = try await pool.parallelMap(numbers) { $0.squareRoot() }
  let total = try await pool.reduce(roots, identity: 0, accumulate: { $0 += $1 }, combine: { $0 + $1 })
  let sorted = try await pool.sorted(roots, by: >)
  print("\(total), the largest one \(sorted[0])")

  // Recursion.
  @Sendable func countLeaves(_ depth: Int) -> Int {
    guard depth > 0 else { return 1 }
    let (left, right) = pool.join({ countLeaves(depth - 1) }, { countLeaves(depth - 1) })
    return left + right
  }
  print(try await pool.run { countLeaves(10) }, "leaves")

  // Any number of things, which end together.
  try await pool.scope { scope in
    for part in 1...3 { scope.spawn { print("part \(part)") } }
  }

  // Tasks that may block without holding up the others.
  let task = Task(executorPreference: pool) { "on a thread of the pool" }
  print(await task.value)
}

func main() async throws {
  let pool = try ParallelPool()
  try await compute(on: pool)
  await pool.shutdown()
}

try await main()
