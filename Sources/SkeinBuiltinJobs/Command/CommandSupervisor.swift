internal import Glibc
internal import SkeinJobs

/// Performs what ``CommandLife`` decides, from the start of a command to the end of its group.
struct CommandSupervisor: Sendable {
  let grace: Duration
  private let events: AsyncStream<CommandLife.Event>
  private let sink: AsyncStream<CommandLife.Event>.Continuation

  init(grace: Duration) {
    self.grace = grace
    (events, sink) = AsyncStream.makeStream()
  }

  /// Asks for the end; also before the command has started, and as often as one likes.
  func stop() {
    sink.yield(.stopRequested)
  }

  /// Suspends until the leader has exited and its group was ended. Call it once.
  ///
  /// - Cancellation: the group is killed at once.
  func run(_ group: ProcessGroup) async -> CommandLife {
    group.onLeaderExit { [sink] in sink.yield(.leaderExited) }
    return await withTaskGroup(of: Void.self) { timers in
      var life = CommandLife()
      for await event in events {
        switch life.handle(event) {
        case .terminate:
          group.terminate()
          timers.addTask { await graceOver() }
        case .kill: group.send(SIGKILL)
        case .awaitMembers: timers.addTask { await membersGone(group) }
        case nil: break
        }
        if life.state == .ended { break }
      }
      if life.state != .ended { group.send(SIGKILL) }
      timers.cancelAll()
      return life
    }
  }

  private func graceOver() async {
    // Cancelled when the group ended in time.
    guard (try? await Self.sleep(grace)) != nil else { return }
    sink.yield(.graceOver)
  }

  /// Looks again and again, for the end of a process that is nobody's child here gives no signal.
  private func membersGone(_ group: ProcessGroup) async {
    while group.hasLivingMembers {
      guard (try? await Self.sleep(.milliseconds(10))) != nil else { return }
    }
    sink.yield(.membersGone)
  }

  private static func sleep(_ duration: Duration) async throws {
    try await ContinuousClock().sleep(until: .now.advanced(by: duration))
  }
}
