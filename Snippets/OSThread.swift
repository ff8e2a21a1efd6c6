// A thread computes, the main one waits for at most two seconds, and gets what it returned.

import SkeinThreads

let adder = try OSThread.start(name: "adder") { (1...1_000_000).reduce(0, +) }
print("\(adder.name) is \(adder.state.rawValue)")
print("the sum is \(try adder.join(timeout: .seconds(2)))")

// An error goes to whoever joins.
struct Refused: Error {}
let failing = try OSThread.start { throw Refused() }
do { try failing.join() } catch { print("it failed: \(error)") }

// One that nobody can take any more goes to the process's handler.
UncaughtError.setHandler { print("nobody took it: \($0)") }
do { _ = try OSThread.start(name: "forgotten") { throw Refused() } }

// A daemon is left where it stands when the process ends.
_ = try OSThread.start(name: "heartbeat", isDaemon: true) { while true {} }
for thread in ThreadInfo.live { print(thread.name, thread.isDaemon, thread.state.rawValue) }
