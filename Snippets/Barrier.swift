// Parties that compute in steps: nobody begins a step before all have ended the one before.

import SkeinSync

let step = Lock(0)
let barrier = Barrier(parties: 3, name: "step") {
  step.withLock { $0 += 1 }
}

try await withThrowingTaskGroup { group in
  for party in 1...3 {
    group.addTask {
      for _ in 0..<2 {
        print("party \(party) works on step \(step.withLock { $0 })")
        let index = try await barrier.wait()
        if index == 0 { print("all have met") }
      }
    }
  }
  try await group.waitForAll()
}

// A party that does not come in time breaks the barrier, until it is reset.
func meetNobody() async {
  do {
    try await barrier.wait(timeout: .milliseconds(10))
  } catch .timedOut {
    print("nobody came; broken: \(barrier.isBroken)")
  } catch {
    print("not met: \(error)")
  }
  barrier.reset()
}

await meetNobody()
