// What can only be shown in a process of its own, because it hangs for ever or observes everything:
//
//   DiagnosticsFixture SCENE
//
// Writes "ready" once the scene stands, and ends when its standard input does. Reports go to standard error.

import Glibc
import SkeinDiagnostics
import SkeinSync

let scenes: [String: @Sendable () -> Void] = [
  "threads": hangThreads, "tasks": hangTasks, "permits": hangOnPermits, "order": contradictOrder,
  "async-order": contradictAsyncOrder,
  "blocking": blockInTasks, "readers": hangReaderAndWriter, "stall": stallPool, "idle": startOnly,
  "shards": lockAllShards, "fork": forkChild, "plain": {},
]
guard let scene = scenes[CommandLine.arguments.last ?? ""] else {
  print("usage: DiagnosticsFixture \(scenes.keys.sorted().joined(separator: "|"))")
  exit(64)
}
scene()
writeLine("ready", to: STDOUT_FILENO)
while getchar() != EOF {}
exit(0)
