/// What becomes of a command's processes: decides, and does nothing itself.
///
/// | state     | stopRequested         | graceOver         | leaderExited             | membersGone |
/// |-----------|-----------------------|-------------------|--------------------------|-------------|
/// | running   | stopping: `terminate` |                   | ended: `kill`            |             |
/// | stopping  |                       | killing: `kill`   | lingering: `awaitMembers`|             |
/// | killing   |                       |                   | ended: `kill`            |             |
/// | lingering |                       | ended: `kill`     |                          | ended       |
/// | ended     |                       |                   |                          |             |
///
/// In the empty fields nothing happens. `lingering` lets the others of the group use what is left of the
/// grace after the leader, often a shell that does not wait for its children, has gone. `kill` comes again
/// after the leader's end for those that were forked while the first one was under way.
struct CommandLife: Hashable, Sendable {
  enum State: Hashable, Sendable { case running, stopping, killing, lingering, ended }
  enum Event: Hashable, Sendable { case stopRequested, graceOver, leaderExited, membersGone }
  enum Action: Hashable, Sendable { case terminate, kill, awaitMembers }

  private(set) var state = State.running
  /// Whether the end was asked for before the leader came to its own.
  private(set) var isStopped = false
  /// Whether the grace was not enough.
  private(set) var isOverdue = false

  mutating func handle(_ event: Event) -> Action? {
    switch (state, event) {
    case (.running, .stopRequested):
      isStopped = true
      return enter(.stopping, .terminate)
    case (.stopping, .graceOver):
      isOverdue = true
      return enter(.killing, .kill)
    case (.lingering, .graceOver):
      isOverdue = true
      return enter(.ended, .kill)
    case (.stopping, .leaderExited): return enter(.lingering, .awaitMembers)
    case (.running, .leaderExited), (.killing, .leaderExited): return enter(.ended, .kill)
    case (.lingering, .membersGone): return enter(.ended, nil)
    default: return nil
    }
  }

  private mutating func enter(_ next: State, _ action: Action?) -> Action? {
    state = next
    return action
  }
}
