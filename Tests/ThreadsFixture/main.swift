// What can only be shown by a process that ends:
//
//   ThreadsFixture ROLE
//
// Each role starts threads, and leaves the rest to the end of the process. Should that hang, an alarm ends it.

import Glibc
import SkeinThreads
import TestPrograms

endProcess(afterSeconds: 60)
let roles: [String: @Sendable () throws -> Void] = [
  "joined": joined, "daemon": daemon, "exit-in-thread": exitInThread, "exit-twice": exitTwice,
  "exit-of-many": exitOfMany, "started-at-exit": startedAtExit, "refused-at-exit": refusedAtExit,
  "uncaught": uncaught, "uncaught-but-held": uncaughtButHeld, "taken": taken, "timer": timer,
  "seen-at-exit": seenAtExit, "fork": forkChild, "thread-forks": forkInThread,
]
guard let role = roles[CommandLine.arguments.last ?? ""] else {
  print("usage: ThreadsFixture \(roles.keys.sorted().joined(separator: "|"))")
  exit(64)
}
try role()
writeLine("main ends")
