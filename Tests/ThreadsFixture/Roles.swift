import Glibc
import SkeinDiagnostics
import SkeinSync
import SkeinThreads
import TestPrograms

struct Failure: Error {}

/// Is counted down when the process has begun to end, and again whenever a thread starts or ends meanwhile.
let endBegins = Event(name: "the process ends")

func watchEnd() { LiveThreads.atExit { endBegins.set() } }

/// Writes at once, unlike `print` to a pipe.
func writeLine(_ text: String) {
  let bytes = Array("\(text)\n".utf8)
  _ = write(STDOUT_FILENO, bytes, bytes.count)
}

/// A thread that is no daemon: it goes on when the process ends.
@Sendable func joined() throws {
  watchEnd()
  let local = ThreadLocal(Farewell("its own value is destroyed"))
  _ = try OSThread.start(name: "worker") {
    try endBegins.wait()
    local.withValue { _ in }
    writeLine("the worker ends")
  }
}

final class Farewell {
  let text: String
  init(_ text: String) { self.text = text }
  deinit { writeLine(text) }
}

/// A thread that is left where it stands, with one that it made.
@Sendable func daemon() throws {
  let bothRun = Latch(count: 2)
  _ = try OSThread.start(name: "monitor", isDaemon: true) {
    _ = try OSThread.start(name: "child of the monitor") { try blockForEver(after: bothRun) }
    try blockForEver(after: bothRun)
  }
  try bothRun.wait()
}

@Sendable func blockForEver(after latch: Latch) throws {
  latch.countDown()
  try Event(name: "never").wait()
}

/// A thread ends the process, while the main one waits for ever and another one has something to do yet.
@Sendable func exitInThread() throws {
  watchEnd()
  _ = try OSThread.start(name: "other") {
    try endBegins.wait()
    writeLine("the other ends")
  }
  _ = try OSThread.start(name: "ends all") { exit(3) }
  try Event(name: "never").wait()
}

/// A thread calls `exit` while the main one does: the first call counts.
@Sendable func exitTwice() throws {
  watchEnd()
  let number = Lock<UInt32>(0)
  _ = try OSThread.start(name: "other") {
    try endBegins.wait()
    // Until that one is on its way.
    while !isLeaving(number.withLock { $0 }) { sched_yield() }
    writeLine("the other ends")
  }
  _ = try OSThread.start(name: "ends all") {
    try endBegins.wait()
    number.withLock { $0 = ThreadInfo.current.kernelID! }
    exit(5)
  }
}

/// Whether the thread pauses for ever, as one does that is not the first to call `exit`.
private func isLeaving(_ id: UInt32) -> Bool {
  id != 0 && ThreadInfo.live.contains { $0.kernelID == id && $0.state == .blocked }
}

/// All threads call `exit`, and none is left to be waited for.
@Sendable func exitOfMany() throws {
  let all = Barrier(parties: 4)
  for index in 0..<4 {
    _ = try OSThread.start(name: "caller \(index)") {
      try all.wait()
      exit(7)
    }
  }
  try Event(name: "never").wait()
}

/// A thread that another one starts when the process has begun to end.
@Sendable func startedAtExit() throws {
  watchEnd()
  _ = try OSThread.start(name: "parent") {
    try endBegins.wait()
    _ = try OSThread.start(name: "child") { writeLine("the child ends") }
  }
}

/// What comes after the threads have been waited for.
@Sendable func refusedAtExit() throws {
  // The handlers run in the reverse of their order: this one comes after that of the threads.
  atexit {
    do {
      _ = try OSThread.start(name: "late") { writeLine("it runs") }
    } catch { writeLine("\(error)") }
  }
  try OSThread.start(name: "first") {}.join()
}

/// An error that nobody takes.
@Sendable func uncaught() throws {
  _ = try OSThread.start(name: "fails") { throw Failure() }
}

let held = Lock<[OSThread<Void>]>([])

/// The same, but up to the end somebody could have taken it.
@Sendable func uncaughtButHeld() throws {
  let thread = try OSThread.start(name: "fails") { throw Failure() }
  held.withLock { $0.append(thread) }
}

/// An error that is taken.
@Sendable func taken() throws {
  let thread = try OSThread.start(name: "fails") { throw Failure() }
  held.withLock { $0.append(thread) }
  try? thread.join()
}

/// A timer that goes on for ever.
@Sendable func timer() throws {
  let hasFired = Event()
  try RepeatingTimer(every: .milliseconds(1)) { hasFired.set() }.start()
  try hasFired.wait()
}

/// Who waits for whom at the end.
@Sendable func seenAtExit() throws {
  let main = ThreadInfo.current.kernelID!
  _ = try OSThread.start(name: "worker") {
    let own = ThreadInfo.current.kernelID!
    while true {
      let wait = Diagnostics.snapshot().waits.first { $0.party.id == UInt64(main) }
      guard let wait, case .all(let holders) = wait.object.holders else { continue }
      writeLine("\(wait.object.name ?? "") \(holders.map(\.party.id) == [UInt64(own)]) \(wait.purpose)")
      return
    }
  }
}

/// A child has none of the threads, and does not wait for them; it can have some of its own.
@Sendable func forkChild() throws {
  let gate = Event()
  let thread = try OSThread.start(name: "parent's") { try gate.wait() }
  let ended = try OSThread.start(name: "ended") { 42 }
  try ended.join()
  watchChild {
    writeLine("\(ThreadInfo.live.count) live, \(thread.isAlive), \(thread.state), \(try ended.join())")
    do { try thread.join() } catch { writeLine("\(error)") }
    _ = try OSThread.start(name: "child's") { writeLine("the child's own thread ends") }
    exit(4)
  }
  writeLine("\(thread.isAlive)")
  gate.set()
}

/// A thread that forks is the first one of the child.
@Sendable func forkInThread() throws {
  let thread = try OSThread.start(name: "forks") {
    watchChild {
      let own = ThreadInfo.current
      writeLine("\(own.name) \(own.isMain) \(own.state) \(ThreadInfo.live.count)")
    }
  }
  try thread.join()
}

/// Forks, and tells how the child ended.
private func watchChild(_ body: () throws -> Void) {
  let child = forkWhileOthersSleep()
  if child == 0 {
    do { try body() } catch { writeLine("\(error)") }
    exit(9)
  }
  var status: Int32 = 0
  waitpid(child, &status, 0)
  writeLine("the child ended with \(status >> 8), by signal \(status & 0x7f)")
}
