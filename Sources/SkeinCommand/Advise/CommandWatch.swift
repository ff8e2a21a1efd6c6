internal import Glibc
internal import SkeinSync

/// Looks at the threads of a command again and again, until it ends.
final class CommandWatch {
  private let process: pid_t
  private let start: MonotonicClock.Instant
  private let clock = MonotonicClock()
  private(set) var tally = ThreadTally()
  /// The most memory that one of its processes was seen to have, in bytes; `nil` until there was a look at it.
  private(set) var peakMemory: Int?

  /// Between looks; the pause grows with the command's age.
  private static let (firstPause, longestPause) = (Duration.milliseconds(2), Duration.milliseconds(200))

  init(process: pid_t, start: MonotonicClock.Instant) {
    self.process = process
    self.start = start
  }

  private var age: Duration { start.duration(to: clock.now) }

  /// Blocks the thread until the command has ended.
  ///
  /// - Returns: how long it ran. It remains to be waited for.
  func followToEnd() -> Duration {
    let end = awaitEnd()
    var pause = Self.firstPause
    // Its memory is that of no program yet.
    look(at: [process])
    while (try? end.ended.wait(timeout: pause)) == nil {
      let began = age
      let processes = ProcessFiles.tree(of: process)
      look(at: processes)
      lookAtMemory(of: processes)
      // A look takes a thirtieth of the time at the most, and so of one processor's.
      pause = max(min(pause * 3 / 2, Self.longestPause), (age - began) * 30)
    }
    let wall = end.time.withLock { $0 }
    tally.end(at: wall, ProcessFiles.threads(of: process))
    return wall
  }

  private func look(at processes: [pid_t]) {
    var readings: [ThreadTally.Key: ThreadTally.Reading] = [:]
    for process in processes { readings.merge(ProcessFiles.threads(of: process)) { first, _ in first } }
    tally.look(at: age, readings)
  }

  private func lookAtMemory(of processes: [pid_t]) {
    for process in processes {
      guard let peak = ProcessFiles.peakMemory(of: process) else { continue }
      peakMemory = max(peak, peakMemory ?? 0)
    }
  }

  /// A thread that sleeps in the kernel until the command ends, so that the time is exact and the looks may be rare.
  private func awaitEnd() -> (ended: Event, time: Lock<Duration>) {
    let end = (
      ended: Event(name: "end of the command"), time: Lock(Duration.zero, name: "time of the command")
    )
    startDetachedThread(name: "skein-advise") { [process, start, clock] in
      var info = siginfo_t()
      while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
      let wall = start.duration(to: clock.now)
      end.time.withLock { $0 = wall }
      end.ended.set()
    }
    return end
  }
}
