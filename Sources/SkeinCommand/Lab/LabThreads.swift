internal import Glibc
internal import SkeinSync
internal import SkeinThreads

/// A thread of an experiment: what it is called, and what it does.
struct LabThread: Sendable {
  var name: String
  var body: @Sendable () throws -> Void

  init(_ name: String, _ body: @escaping @Sendable () throws -> Void) {
    self.name = name
    self.body = body
  }
}

/// Starts threads, and suspends the task until all of them have ended: no thread of the cooperative pool is
/// blocked.
///
/// They are daemons: one that stands still does not keep the tool from ending.
///
/// - Throws: what the first of them threw that did so, after the end of all.
func runThreads(_ threads: [LabThread]) async throws {
  let started = try threads.map { try OSThread.start(name: $0.name, isDaemon: true, $0.body) }
  var failure: (any Error)?
  for thread in started {
    do { try await thread.join() } catch { failure = failure ?? error }
  }
  if let failure { throw failure }
}

/// Starts `count` threads, called `name-0`, `name-1` and so on, and suspends the task until all have ended.
func runThreads(_ count: Int, named name: String, _ body: @escaping @Sendable (Int) throws -> Void)
  async throws
{
  try await runThreads((0..<count).map { index in LabThread("\(name)-\(index)") { try body(index) } })
}

/// Stands for work that takes this long: blocks the thread.
func imitateWork(_ duration: Duration) { usleep(UInt32(duration / .microseconds(1))) }

/// Blocks the thread until `condition` holds; looks every millisecond, for what gives no signal.
///
/// - Parameter limit: generous, for what is awaited surely comes, however busy the machine is.
/// - Returns: whether it came true in time.
@discardableResult
func waitUntil(limit: Duration = .seconds(20), _ condition: () -> Bool) -> Bool {
  let clock = MonotonicClock()
  let deadline = clock.now.advanced(by: limit)
  while !condition() {
    guard clock.now < deadline else { return false }
    usleep(1000)
  }
  return true
}

/// Repeats a round that may lose updates until one has: where a single core is free, threads may happen to run
/// one after another.
///
/// - Parameter limit: after which no further round begins.
/// - Returns: what the last round left, and how many rounds there were.
func repeatUntilLoss(
  of expected: Int, limit: Duration = .seconds(20), _ round: () async throws -> Int
) async throws -> (left: Int, rounds: Int) {
  let clock = MonotonicClock()
  let deadline = clock.now.advanced(by: limit)
  var rounds = 0
  while true {
    let left = try await round()
    rounds += 1
    if left != expected || clock.now >= deadline { return (left, rounds) }
  }
}

/// Runs `body` on a thread of its own, and suspends the task until it has ended.
func onThread<Value: Sendable>(
  named name: String, _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await OSThread.start(name: name, isDaemon: true, body).join()
}
