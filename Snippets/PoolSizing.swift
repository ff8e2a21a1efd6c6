// How many threads a pool should have: by the kind of its jobs, and by what one of them was measured to do.

import SkeinFutures
import SkeinSync

print(AvailableProcessors.current)
for workload in Workload.allCases {
  print("\(workload): \(try PoolSizing.ruleOfThumb(for: workload)) threads by the rule of thumb")
}

// A job that waits for something and then computes, run on this thread some times.
func answerRequest() {
  let answer = Event(name: "answer")
  MonotonicClock().schedule(at: MonotonicClock().now.advanced(by: .milliseconds(5))) { answer.set() }
  try? answer.wait()
  blackHole((0..<blackHole(100_000)).reduce(0) { $0 ^ $1 })
}

let times = try JobTimes.sample(runs: 5) { answerRequest() }
print("it waits for \(times.waiting) and computes for \(times.compute)")
print(try PoolSizing.recommendation(for: times, utilisation: 0.8))

// Figures from elsewhere do as well.
let known = try JobTimes(wall: .milliseconds(100), compute: .milliseconds(5))
print(try PoolSizing.recommendation(for: known, processors: 2, within: 1...64).threads)
