// A program that the tests of SkeinJobs run as child processes, to kill them.
//
//   JobsFixture worker DIRECTORY LOG [--concurrency N] [--die STEP NUMBER]
//   JobsFixture produce DIRECTORY LOG COUNT

import Glibc
import SkeinJobs
import Synchronization

let arguments = CommandLine.arguments
guard arguments.count >= 4 else {
  print("usage: JobsFixture worker|produce DIRECTORY LOG …")
  exit(64)
}
endWithParent()
let queue = try await JobQueue(directory: arguments[2])
switch arguments[1] {
case "worker": try await work(queue, Array(arguments.dropFirst(4)))
case "produce": try await produce(queue, log: arguments[3], count: Int(arguments[4])!)
default: exit(64)
}

/// Ends this process with the test's own, however that one ends.
func endWithParent() {
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { parent in
      while getppid() == Int32(Int(bitPattern: parent)) { usleep(100_000) }
      _exit(1)
    }, UnsafeMutableRawPointer(bitPattern: Int(getppid())))
}

/// Works until it is killed, by the test or by itself at a step.
func work(_ queue: JobQueue, _ rest: [String]) async throws {
  var options = WorkerOptions()
  options.concurrency = value(of: "--concurrency", in: rest).flatMap(Int.init) ?? 2
  if let index = rest.firstIndex(of: "--die"), let step = WorkerStep(rawValue: rest[index + 1]) {
    let left = Countdown(Int(rest[index + 2])!)
    options.onStep = { reached, _ in
      if reached == step, left.isOver() { kill(getpid(), SIGKILL) }
    }
  }
  tellReady()
  try await Worker(store: queue.store, registry: JobRegistry(fixtureJobs), options: options).run()
}

/// Enqueues jobs one at a time, and writes down each one whose enqueue has returned.
func produce(_ queue: JobQueue, log: String, count: Int) async throws {
  tellReady()
  for number in 0..<count {
    let handle = try await queue.enqueue(Note(file: log, text: "\(number)"))
    appendLine("promised \(handle.id)", to: log)
  }
}

/// The test waits for this line; a buffered one would come too late.
func tellReady() {
  _ = write(STDOUT_FILENO, "ready\n", 6)
}

func value(of option: String, in rest: [String]) -> String? {
  rest.firstIndex(of: option).map { rest[$0 + 1] }
}

final class Countdown: Sendable {
  private let left: Atomic<Int>
  init(_ count: Int) { left = Atomic(count) }
  func isOver() -> Bool { left.wrappingSubtract(1, ordering: .relaxed).newValue == 0 }
}
