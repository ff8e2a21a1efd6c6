import Glibc
import SkeinProcesses
import SkeinWork

/// Starting a process and waiting for its end; and having another one after the death of one.
let startCases: [MeasuredCase] =
  ([.spawn, .forkServer] as [StartMethod]).map { method in
    MeasuredCase("start.\(method)", by: "ChildProcess", each: {}) {
      _ = try await ChildProcess.start(DoNothing(), method: method).join()
    }
  } + [
    MeasuredCase("recovery", by: "ProcessPool", each: { try ProcessPool(processes: 1) }) { pool in
      kill(try await pool.run(WhoRuns()), SIGKILL)
      while (try? await pool.run(WhoRuns())) == nil {}
    }
  ]
