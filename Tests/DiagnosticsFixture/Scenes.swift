import Glibc
import SkeinDiagnostics
import SkeinSync
import TestPrograms

/// Everything is on, whatever the build; a stall is one after a tenth of a second.
func start(stallThreshold: Duration? = nil) {
  Diagnostics.start(
    .init(lockOrder: true, blockingInTasks: true, uses: true, stallThreshold: stallThreshold))
}

@Sendable func startOnly() { Diagnostics.start(.onDemand) }

/// Two threads that each hold an account and want the other one's.
@Sendable func hangThreads() {
  start()
  let (first, second) = (Lock(100, name: "account A"), Lock(100, name: "account B"))
  let bothHold = Barrier(parties: 2)
  for (name, from, to) in [("transfer-1", first, second), ("transfer-2", second, first)] {
    startDetachedThread(name: name) {
      from.withLock { _ in
        _ = try? bothHold.wait()
        to.withLock { $0 += 1 }
      }
    }
  }
  waitUntil { Diagnostics.snapshot().waits.count { $0.object.kind == "Lock" } == 2 }
}

/// A reader that wants a lock, and its holder, who wants to write.
@Sendable func hangReaderAndWriter() {
  start()
  let (routes, cache) = (ReadWriteLock(0, name: "routes"), Lock(0, name: "cache"))
  let bothHold = Barrier(parties: 2)
  startDetachedThread(name: "lookup") {
    routes.withReadLock { _ in
      _ = try? bothHold.wait()
      cache.withLock { $0 += 1 }
    }
  }
  startDetachedThread(name: "reload") {
    cache.withLock { _ in
      _ = try? bothHold.wait()
      routes.withWriteLock { $0 += 1 }
    }
  }
  waitUntil { Diagnostics.snapshot().waits.count { $0.object.kind.hasSuffix("Lock") } == 2 }
}

/// Two tasks that each hold a fork and want the other one.
@Sendable func hangTasks() {
  start()
  let (first, second) = (AsyncLock(100, name: "left fork"), AsyncLock(100, name: "right fork"))
  let (hasFirst, hasSecond) = (Event(), Event())
  Task.detached(name: "plato") {
    try await first.withLock { _ in
      hasFirst.set()
      try await hasSecond.wait()
      try await second.withLock { $0 += 1 }
    }
  }
  Task.detached(name: "kant") {
    try await second.withLock { _ in
      hasSecond.set()
      try await hasFirst.wait()
      try await first.withLock { $0 += 1 }
    }
  }
  waitUntil { Diagnostics.snapshot().waits.count { $0.object.kind == "AsyncLock" } == 2 }
}

/// The same with permits, which have no owner.
@Sendable func hangOnPermits() {
  start()
  let (first, second) = (Semaphore(permits: 1, name: "printers"), Semaphore(permits: 1, name: "scanners"))
  let bothHold = Barrier(parties: 2)
  for (name, from, to) in [("copy-1", first, second), ("copy-2", second, first)] {
    startDetachedThread(name: name) {
      try? from.acquire()
      _ = try? bothHold.wait()
      try? to.acquire()
    }
  }
  waitUntil { Diagnostics.snapshot().waits.count { $0.object.kind == "Semaphore" } == 2 }
}

/// Locks in contradicting orders, one after another on one thread: nothing hangs.
@Sendable func contradictOrder() {
  start()
  let (first, second) = (Lock(0, name: "ledger"), Lock(0, name: "journal"))
  for _ in 0..<3 {
    first.withLock { _ in second.withLock { $0 += 1 } }
    second.withLock { _ in first.withLock { $0 += 1 } }
  }
}

/// The same for tasks: a lock and a value that is made in the lock, and by whose making the lock is taken.
@Sendable func contradictAsyncOrder() {
  start()
  let (ledger, rates) = (AsyncLock(0, name: "ledger"), Once<Int>(name: "rates"))
  let end = Latch(count: 1)
  Task.detached(name: "clerk") {
    struct Unavailable: Error {}
    for _ in 0..<3 {
      _ = try? await rates.get {
        try await ledger.withLock { $0 += 1 }
        throw Unavailable()
      }
      try await ledger.withLock { _ in _ = try await rates.get { 1 } }
    }
    end.countDown()
  }
  try? end.wait()
}

/// Tasks that block their threads, at one place several times.
@Sendable func blockInTasks() {
  start()
  let end = Latch(count: 3)
  for _ in 0..<3 {
    Task.detached {
      blockBriefly()
      end.countDown()
    }
  }
  try? end.wait()
}

private func blockBriefly() {
  let event = Event(name: "never")
  try? event.wait(timeout: .milliseconds(1))
}

/// Blocks all threads of the pool until the stall is reported.
@Sendable func stallPool() {
  let (mayEnd, hasEnded) = (Event(name: "end of the stall"), Event())
  for _ in 0..<64 { Task.detached(name: "hog") { block(until: mayEnd) } }
  // On a busy machine tasks wait long without any hog: what is reported before and after is not of this making.
  waitUntil { Diagnostics.snapshot().waits.contains { $0.object.name == "end of the stall" } }
  Diagnostics.onReport { report in
    if hasEnded.isSet { return }
    writeLine("\(report)", to: STDERR_FILENO)
    if report.kind == .stall { mayEnd.set() }
    if report.kind == .stallEnd { hasEnded.set() }
  }
  start(stallThreshold: .milliseconds(100))
}

private func block(until event: Event) { try? event.wait() }

/// Looks again and again: the snapshot itself is what is tested.
private func waitUntil(_ condition: () -> Bool) {
  while !condition() { usleep(1000) }
}

/// Writes at once, unlike `print` to a pipe.
func writeLine(_ text: String, to descriptor: Int32) {
  let bytes = Array("\(text)\n".utf8)
  _ = write(descriptor, bytes, bytes.count)
}

/// Holds all locks of dictionaries, whose memory has been used before by others.
@Sendable func lockAllShards() {
  start()
  var kept: [ThreadSafeDictionary<Int, Int>] = []
  for round in 0..<40 {
    let dictionaries = (0..<3).map { _ in ThreadSafeDictionary([round: 1], shards: 16, name: "shelves") }
    kept.append(dictionaries[round % 3])
    writeLine("counted \(dictionaries.reduce(0) { $0 + $1.count })", to: STDERR_FILENO)
  }
}

/// A child that is forked after diagnosis and timers have begun, with neither of their threads.
@Sendable func forkChild() {
  start()
  try? Event().wait(timeout: .milliseconds(1), clock: ScheduledClock())
  let child = forkWhileOthersSleep()
  if child == 0 {
    start()
    try? Event().wait(timeout: .milliseconds(1), clock: ScheduledClock())
    // Unblocked here, it has been handled when the call returns.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGUSR2)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    kill(getpid(), SIGUSR2)
    Diagnostics.stop()
    _exit(7)
  }
  var status: Int32 = 0
  waitpid(child, &status, 0)
  writeLine("child ended with \(status >> 8), by signal \(status & 0x7f)", to: STDERR_FILENO)
}

/// The monotonic clock with waits that go through its timer thread.
private struct ScheduledClock: DeadlineClock {
  typealias Instant = MonotonicClock.Instant

  private let clock = MonotonicClock()
  var now: Instant { clock.now }
  var minimumResolution: Duration { clock.minimumResolution }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> ScheduledAction {
    clock.schedule(at: instant, action)
  }
}
