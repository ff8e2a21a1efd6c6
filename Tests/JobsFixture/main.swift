// A program that the tests of SkeinJobs run as child processes, to kill them, or to have the system fail them
// (FixtureFaults).
//
//   JobsFixture worker DIRECTORY LOG [--concurrency N] [--die STEP NUMBER] [--isolated]
//   JobsFixture produce DIRECTORY LOG COUNT [--bytes N] [--batch N] [--steps-clock]
//   JobsFixture life DIRECTORY LOG COUNT
//   JobsFixture look DIRECTORY LOG

import Glibc
import SkeinJobs
import SkeinProcesses

// In a process that runs jobs for a worker, the end of this program.
try await Skein.main(jobs: JobRegistry(fixtureJobs)) {}

let arguments = CommandLine.arguments
guard arguments.count >= 4 else {
  print("usage: JobsFixture worker|produce|life|look DIRECTORY LOG …")
  exit(64)
}
endWithParent()
let (log, rest) = (arguments[3], Array(arguments.dropFirst(4)))
do {
  let queue = try await JobQueue(directory: arguments[2])
  switch arguments[1] {
  case "worker": try await work(queue, rest)
  case "produce": try await produce(queue, log: log, rest)
  case "life": try await live(queue, log: log, count: Int(rest[0])!)
  case "look": try await look(queue, log: log)
  default: exit(64)
  }
} catch let error as JobQueueError {
  appendLine("ended \(getpid()) \(error.code) \(error)", to: log)
  exit(1)
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

/// The test waits for this line; a buffered one would come too late.
func tellReady() {
  _ = write(STDOUT_FILENO, "ready\n", 6)
}

func value(of option: String, in rest: [String]) -> Int? {
  rest.firstIndex(of: option).flatMap { Int(rest[$0 + 1]) }
}
