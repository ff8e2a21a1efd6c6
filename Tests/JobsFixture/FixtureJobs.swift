import FixtureFaults
import Foundation
import Glibc
import Logging
import SkeinJobs
import SkeinResilience
import SkeinWork

/// What the fixture's workers can run. The tests have the same types by the same names.
let fixtureJobs: [any Job.Type] = [
  Note.self, Poison.self, Bystander.self, Spawn.self, ClockStep.self, Misbehave.self,
]

/// Writes a line to a file for each attempt; the first ones may fail.
struct Note: Job {
  static let name = "note"
  var file: String
  var text: String
  var failures: Int?

  struct Failed: Error {}

  var options: JobOptions {
    JobOptions {
      $0.retry = RetryPolicy(backoff: .fixed(.milliseconds(1)), jitter: .none, maximumAttempts: 3)
    }
  }

  func run(in context: JobContext) async throws -> Nothing {
    appendLine("ran \(context.id) \(context.attempt) \(getpid())", to: file)
    if context.attempt <= failures ?? 0 { throw Failed() }
    return Nothing()
  }
}

/// Kills its worker.
struct Poison: Job {
  static let name = "poison"

  func run(in context: JobContext) async throws -> Nothing {
    kill(getpid(), SIGKILL)
    return Nothing()
  }
}

/// Runs until the file `gate`, or the attempt's own, exists.
struct Bystander: Job {
  static let name = "bystander"
  var file: String
  var gate: String

  func run(in context: JobContext) async throws -> Nothing {
    appendLine("began \(context.id) \(context.attempt)", to: file)
    while access(gate, F_OK) != 0, access(gate + ".\(context.attempt)", F_OK) != 0 {
      try context.checkCancellation()
      try await Task.sleep(until: .now + .milliseconds(2), clock: .continuous)
    }
    return Nothing()
  }
}

/// Sets the wall clock ahead or back, then runs until the file `gate` exists.
struct ClockStep: Job {
  static let name = "clock-step"
  var seconds: Int64
  var gate: String

  func run(in context: JobContext) async throws -> Nothing {
    fixture_set_clock_offset(seconds * 1_000_000_000)
    context.appendLog(line: "stepped")
    while access(gate, F_OK) != 0 { try await Task.sleep(until: .now + .milliseconds(2), clock: .continuous) }
    return Nothing()
  }
}

/// Starts a program in a group of its own, and waits for ever.
struct Spawn: Job {
  static let name = "spawn"
  var file: String

  func run(in context: JobContext) async throws -> Nothing {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var child = pid_t()
    let words: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    posix_spawnp(&child, "sleep", nil, &attributes, words, environ)
    context.processGroupStarted(child)
    appendLine("spawned \(child)", to: file)
    while context.attempt == 1 { try await Task.sleep(until: .now + .seconds(1), clock: .continuous) }
    return Nothing()
  }
}

/// Does what a worker would rather not have in its own process.
struct Misbehave: Job {
  static let name = "misbehave"
  var how: String
  var file: String

  struct Failed: Error {}
  struct Hopeless: PermanentError {}

  func run(in context: JobContext) async throws -> Int32 {
    context.reportProgress(0.5, "half way")
    context.appendLog(line: "it is going to \(how)")
    appendLine("began \(how) \(context.attempt) \(getpid())", to: file)
    switch how {
    case "trap once": if context.attempt == 1 { fatalError("Index out of range") }
    case "exit": exit(7)
    case "loop": while getpid() > 0 {}
    case "loop once":
      let text = try String(contentsOfFile: file, encoding: .utf8)
      while text.split(separator: "\n").count == 1 {}
    case "fail": throw Failed()
    case "fail for good": throw Hopeless()
    case "wait": try await Task.sleep(until: .now + .seconds(60), clock: .continuous)
    case "log": context.logger.notice("it logs", metadata: ["what": "this"])
    default: break
    }
    return getpid()
  }
}

/// Appends a line in one write, so that lines of several processes do not mix.
func appendLine(_ line: String, to file: String) {
  let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
  defer { close(descriptor) }
  let bytes = Array((line + "\n").utf8)
  precondition(write(descriptor, bytes, bytes.count) == bytes.count, "the log can not be written")
}
