import Glibc
import SkeinFutures
import SkeinSync
import SkeinThreads

// Processes that end in some way, for the tests to look at: each prints what it has come to.

struct Lost: Error {}

func say(_ text: String) {
  print(text)
  fflush(nil)
}

func role(_ name: String) throws {
  switch name {
  case "joins":
    // The main thread ends first; the other one is waited for.
    let mayGoOn = Event()
    try OSThread<Void>.start(name: "worker") {
      try mayGoOn.wait(timeout: .seconds(5))
      usleep(20_000)
      say("worker done")
    }.keep()
    mayGoOn.set()
    say("main done")
  case "daemon":
    try OSThread<Void>.start(name: "monitor", isDaemon: true) { while true { usleep(1000) } }.keep()
    say("main done")
  case "exits":
    // A thread that is waited for ends the process; another one is waited for all the same.
    let hasBegun = Event()
    try OSThread<Void>.start(name: "other") {
      hasBegun.set()
      usleep(20_000)
      say("other done")
    }.keep()
    try hasBegun.wait()
    try OSThread<Void>.start(name: "exiting") { exit(7) }.join()
  case "starts-another":
    try OSThread<Void>.start(name: "first") {
      usleep(10_000)
      try OSThread<Void>.start(name: "second") {
        usleep(10_000)
        say("second done")
      }.keep()
    }.keep()
    say("main done")
  case "uncaught":
    try OSThread<Void>.start(name: "thrower") { throw Lost() }.keep()
  case "pool":
    // The pool is still referred to, and idle, when the process ends.
    let pool = try ThreadPool(threads: 2, name: "pool")
    for number in 0..<10 { _ = try pool.submit { if number == 9 { say("last job done") } } }
    say("main done")
    kept.withLock { $0.append(pool) }
  case "exit-in-pool":
    let pool = try ThreadPool(threads: 2, name: "pool")
    try pool.submit { exit(3) }.result()
  default: fatalError("there is no role \(name)")
  }
}

let kept = Lock<[any Sendable]>([])

extension OSThread {
  /// Nobody joins the thread.
  func keep() {}
}

try role(CommandLine.arguments[1])
