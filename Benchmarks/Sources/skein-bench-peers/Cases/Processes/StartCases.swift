import BenchReport
import Foundation
import SkeinProcesses
import SkeinWork
import Subprocess
import SystemPackage

/// Starting a process and waiting for its end; and having another one after the death of one.
let startCases: [MeasuredCase] =
  ([.spawn, .forkServer] as [StartMethod]).map { method in
    MeasuredCase("start.\(method)", by: "ChildProcess", each: {}) {
      _ = try await ChildProcess.start(DoNothing(), method: method).join()
    }
  } + [
    MeasuredCase("start.fork", by: "ChildProcess") { name, by, seconds in
      let result = try await run(
        .path("/proc/self/exe"), arguments: [ForkCost.word, "\(seconds)"], output: .string(limit: 1 << 12))
      return try JSONDecoder().decode(Answer.self, from: Data(result.standardOutput.utf8))
    },
    MeasuredCase("recovery", by: "ProcessPool", each: { try ProcessPool(processes: 1) }) { pool in
      kill(try await pool.run(WhoRuns()), SIGKILL)
      while (try? await pool.run(WhoRuns())) == nil {}
    },
  ]
