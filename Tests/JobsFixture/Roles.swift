import FixtureFaults
import Glibc
import SkeinJobs
import Synchronization

/// Works until it is killed, by the test or by itself at a step.
func work(_ queue: JobQueue, _ rest: [String]) async throws {
  var options = WorkerOptions()
  options.concurrency = value(of: "--concurrency", in: rest) ?? 2
  if let index = rest.firstIndex(of: "--die"), let step = WorkerStep(rawValue: rest[index + 1]) {
    let left = Countdown(Int(rest[index + 2])!)
    options.onStep = { reached, _ in
      if reached == step, left.isOver() { kill(getpid(), SIGKILL) }
    }
  }
  if rest.contains("--isolated") { options.isolation = .process }
  tellReady()
  let worker = try Worker(store: queue.store, registry: JobRegistry(fixtureJobs), options: options)
  if let index = rest.firstIndex(of: "--hand-back-at") {
    let file = rest[index + 1]
    Task {
      while access(file, F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
      worker.stop(.handBack)
    }
  }
  try await worker.run()
}

/// Enqueues jobs, a few at a time, and writes down those whose enqueue has returned.
func produce(_ queue: JobQueue, log: String, _ rest: [String]) async throws {
  let (count, batch) = (Int(rest[0])!, value(of: "--batch", in: rest) ?? 1)
  let text = String(repeating: "x", count: value(of: "--bytes", in: rest) ?? 1)
  tellReady()
  for start in stride(from: 0, to: count, by: batch) {
    if rest.contains("--steps-clock") {
      fixture_set_clock_offset((start / batch) % 2 == 0 ? 0 : -3_600_000_000_000)
    }
    let jobs = (start..<min(start + batch, count)).map { _ in Note(file: log, text: text) }
    for handle in try await queue.enqueue(jobs) { appendLine("promised \(handle.id)", to: log) }
  }
}

/// All that a queue does, in one process: enqueues jobs, one of which fails at first, runs them to their end, and leaves.
func live(_ queue: JobQueue, log: String, count: Int) async throws {
  tellReady()
  var ids: [JobID] = []
  for number in 0..<count {
    let handle = try await queue.enqueue(Note(file: log, text: "\(number)", failures: number == 1 ? 1 : 0))
    appendLine("promised \(handle.id)", to: log)
    ids.append(handle.id)
  }
  var options = WorkerOptions()
  options.concurrency = 1
  let worker = try Worker(store: queue.store, registry: JobRegistry(fixtureJobs), options: options)
  let working = Task { try await worker.run() }
  for id in ids {
    _ = try await queue.waitForEnd(of: id)
    appendLine("done \(id)", to: log)
  }
  worker.stop()
  try await working.value
  try await queue.close()
}

final class Countdown: Sendable {
  private let left: Atomic<Int>
  init(_ count: Int) { left = Atomic(count) }
  func isOver() -> Bool { left.wrappingSubtract(1, ordering: .relaxed).newValue == 0 }
}
