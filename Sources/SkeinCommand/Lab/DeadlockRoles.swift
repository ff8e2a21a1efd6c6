internal import Glibc
internal import SkeinDiagnostics
internal import SkeinJobForms
internal import SkeinSync
internal import SkeinThreads

/// The process that falls into a deadlock, and finds it.
enum DeadlockRole {
  /// What it found.
  struct Finding: Codable, Sendable {
    var milliseconds: Int
    var certainty: String
    var threads: [String]
    var locks: [String]
    var text: String
  }

  /// Writes what it found, closes its output and stays, as a process with a deadlock does.
  static func perform() async throws {
    observeLocks { _ in }
    let start = MonotonicClock().now
    try fallIn()
    let deadlock = try await onThread(named: "Diagnosis") { find() }
    if let deadlock {
      let age = start.duration(to: MonotonicClock().now)
      let finding = Finding(
        milliseconds: Int(age / .milliseconds(1)), certainty: deadlock.certainty.rawValue,
        threads: deadlock.parties.map { $0.name ?? "\($0)" },
        locks: deadlock.objects.map { $0.name ?? "\($0)" },
        text: "\(deadlock)")
      try Console.shared.line(JSONText.encode(finding))
    }
    close(STDOUT_FILENO)
    close(STDERR_FILENO)
    while true { pause() }
  }

  private static func fallIn() throws {
    let lockA = Lock(name: "lock_a")
    let lockB = Lock(name: "lock_b")
    // The chapter sleeps here, so that both most likely hold one lock; this way they surely do.
    let bothHoldOne = Barrier(parties: 2, name: "both hold one")
    _ = try OSThread.start(name: "Task1", isDaemon: true) {
      lockA.withLock { _ in
        _ = try? bothHoldOne.wait()
        lockB.withLock { _ in }
      }
    }
    _ = try OSThread.start(name: "Task2", isDaemon: true) {
      lockB.withLock { _ in
        _ = try? bothHoldOne.wait()
        lockA.withLock { _ in }
      }
    }
  }

  private static func find() -> Deadlock? {
    var deadlock: Deadlock?
    waitUntil {
      deadlock = Diagnostics.snapshot().deadlocks.first { $0.certainty == .certain }
      return deadlock != nil
    }
    return deadlock ?? Diagnostics.snapshot().deadlocks.first
  }
}

/// The process in which two locks are taken in either order, one after the other, so that nothing hangs.
enum InversionRole {
  /// What was reported.
  struct Finding: Codable, Sendable {
    var kinds: [String]
    var text: String
  }

  static func perform() async throws {
    let reports = Queue<Diagnostics.Report>(name: "reports")
    observeLocks { _ = reports.tryPut($0) }
    let lockA = Lock(name: "lock_a")
    let lockB = Lock(name: "lock_b")
    try await runThreads([LabThread("Task1") { lockA.withLock { _ in lockB.withLock { _ in } } }])
    try await runThreads([LabThread("Task2") { lockB.withLock { _ in lockA.withLock { _ in } } }])
    var found: [Diagnostics.Report] = []
    if let first = try? await reports.get(timeout: .seconds(20)) { found = [first] }
    while let more = reports.tryGet() { found.append(more) }
    let finding = Finding(
      kinds: found.map(\.kind.rawValue), text: found.map(\.message).joined(separator: "\n"))
    try Console.shared.line(JSONText.encode(finding))
  }
}

/// Switches the observation of locks on, and nothing else of the diagnosis.
private func observeLocks(_ handler: @escaping @Sendable (Diagnostics.Report) -> Void) {
  // The executable may have started it, with other options.
  Diagnostics.stop()
  Diagnostics.onReport(handler)
  Diagnostics.start(
    .init(
      signal: false, socket: false, lockOrder: true, blockingInTasks: false, uses: false, stallThreshold: nil)
  )
}
