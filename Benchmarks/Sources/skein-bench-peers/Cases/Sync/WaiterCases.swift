import BenchReport
import Foundation
import SkeinSync

/// Time and memory of 100,000 tasks that wait for one semaphore and are released.
let waiterCases = [
  MeasuredCase("waiters.100000.tasks", by: "Semaphore") { name, by, _ in
    let count = 100_000
    let before = try residentBytes()
    let started = monotonicNanoseconds()
    let growth = try await waitAndRelease(count) { try residentBytes() - before }
    let elapsed = Double(monotonicNanoseconds() - started)
    return Answer(
      case: name, by: by, ns: elapsed / Double(count), operations: count,
      bytes: Double(growth) / Double(count))
  }
]

/// Returns what `look` says at the moment when all wait.
private func waitAndRelease(_ count: Int, look: () throws -> Int) async throws -> Int {
  let semaphore = Semaphore(permits: 0)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    for _ in 0..<count { group.addTask { try await semaphore.acquire() } }
    while semaphore.waiterCount < count { try await Task.sleep(until: .now + .milliseconds(1)) }
    let seen = try look()
    semaphore.release(count)
    try await group.waitForAll()
    return seen
  }
}

func residentBytes() throws -> Int {
  let status = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
  guard let pages = status.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
    throw BenchmarkError("cannot read /proc/self/statm: \(status)")
  }
  return pages * sysconf(Int32(_SC_PAGESIZE))
}
