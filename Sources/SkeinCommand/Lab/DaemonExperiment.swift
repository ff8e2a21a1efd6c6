internal import Glibc
internal import SkeinSync
internal import SkeinThreads

/// What becomes of a monitor's thread when the main task is done.
struct DaemonExperiment: Experiment {
  let name = "daemon"
  let section = "16.2.1"
  let title = "A monitor sends heartbeats while the main task works: who waits for whom at the end"
  let lesson = """
    The process ends when its threads have ended, but for daemons: those are left in the midst of what they do. So a \
    daemon is for what may be cut off at any instant, and for nothing that writes a file.
    """
  let uses = ["OSThread(isDaemon:)", "OSThread.start"]

  func run(_ notes: LabNotes) async throws {
    let daemon = try await observe(.daemon, "a daemon, for ever", notes)
    notes.check("the process with a daemon", is: "\(LabChild.End.exited(0))", observed: "\(daemon.end)")
    notes.check(
      "what it wrote", expected: "heartbeats, and that the main task is done",
      observed: Self.summary(daemon.lines),
      Self.beats(daemon.lines) >= MonitorRole.beatsBeforeEnd && daemon.lines.contains(MonitorRole.mainIsDone)
        && !daemon.lines.contains(MonitorRole.monitorIsDone))

    let other = try await observe(.noDaemon, "no daemon, \(MonitorRole.beats) times", notes)
    notes.check(
      "the process with a thread that is no daemon", is: "\(LabChild.End.exited(0))", observed: "\(other.end)"
    )
    notes.check("heartbeats in it", is: MonitorRole.beats, observed: Self.beats(other.lines))
    notes.check("what comes last", is: MonitorRole.monitorIsDone, observed: other.lines.last ?? "nothing")
  }

  private func observe(
    _ role: LabRole, _ kind: String, _ notes: LabNotes
  ) async throws -> (lines: [String], end: LabChild.End) {
    notes.step(nil, "in a process of its own, the monitor is \(kind)")
    let child = try await LabChild.run(role)
    let lines = child.output.split(separator: "\n").map(String.init)
    notes.step("process \(child.processID)", "writes:\n\(lines.joined(separator: "\n"))")
    notes.step("process \(child.processID)", "\(child.end)")
    return (lines, child.end)
  }

  private static func beats(_ lines: [String]) -> Int { lines.count { $0.hasPrefix(MonitorRole.beat) } }

  private static func summary(_ lines: [String]) -> String {
    let others = lines.filter { !$0.hasPrefix(MonitorRole.beat) }
    return "\(beats(lines)) heartbeats, \(others.joined(separator: ", "))"
  }
}

/// The process with the monitor: the chapter's `background_monitor` and `main_task`.
enum MonitorRole {
  static let beat = "Monitor: heartbeat"
  static let mainIsDone = "Main: the main task is done"
  static let monitorIsDone = "Monitor: is done"

  /// How many heartbeats the main task lasts.
  static let beatsBeforeEnd = 3
  /// How many there are of a monitor that ends.
  static let beats = 6

  /// Ends the process, as the end of a program's `main` does; the tool itself ends without looking at threads.
  static func perform(isDaemon: Bool) async throws -> Never {
    let beaten = Semaphore(permits: 0, name: "heartbeats")
    _ = try OSThread.start(name: "Monitor", isDaemon: isDaemon) {
      var count = 0
      while isDaemon || count < beats {
        count += 1
        try Console.shared.line("\(beat) \(count)")
        beaten.release()
        imitateWork(.milliseconds(10))
      }
      try Console.shared.line(monitorIsDone)
    }
    // The main task: it takes as long as three heartbeats.
    try await beaten.acquire(beatsBeforeEnd)
    try Console.shared.line(mainIsDone)
    exit(0)
  }
}
