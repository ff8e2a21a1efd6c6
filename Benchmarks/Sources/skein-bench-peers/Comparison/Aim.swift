/// What the project wants to reach: a ratio to a peer.
struct Aim {
  let suite: Suite
  let peer: System.ID
  /// Theirs ÷ ours.
  let least: Double
  let words: String
  let applies: @Sendable (Row) -> Bool

  static let all = [
    Aim(suite: .sync, peer: .rust, least: 0.95, words: "a lock is no slower than parking_lot's (to 5 %)") {
      $0.family == .locks
    },
    Aim(
      suite: .sync, peer: .mutex, least: 10,
      words: "4 threads with a short hold: 10 times Synchronization.Mutex"
    ) {
      $0.name == "lock.4.short"
    },
    Aim(suite: .sync, peer: .go, least: 1, words: "queues are ahead of Go's channels") {
      $0.name.hasPrefix("queue.")
    },
    Aim(
      suite: .sync, peer: .rust, least: 0.5, words: "channels are within twice of crossbeam between threads"
    ) {
      $0.isChannel(between: "threads")
    },
    Aim(suite: .sync, peer: .rust, least: 1, words: "channels are ahead of tokio between tasks") {
      $0.isChannel(between: "tasks")
    },
    Aim(suite: .sync, peer: .go, least: 1, words: "channels are ahead of Go between tasks") {
      $0.isChannel(between: "tasks")
    },
    // A microsecond of work in both languages leaves no room for such a ratio.
    Aim(
      suite: .sync, peer: .python, least: 20,
      words: "everything but a lock with a long hold is 20 times Python"
    ) {
      $0.figure == .nanoseconds && !$0.name.hasSuffix(".long")
    },
    Aim(suite: .pools, peer: .java, least: 1, words: "submitting is ahead of Java's pool") {
      $0.family == .submitting
    },
    Aim(suite: .pools, peer: .nio, least: 1, words: "and of NIOThreadPool") { $0.family == .submitting },
    Aim(suite: .pools, peer: .rust, least: 0.9, words: "map and sort are level with rayon (to 10 %)") {
      $0.name == "map" || $0.name == "sort"
    },
    Aim(
      suite: .pools, peer: .python, least: 20, words: "submitting, computing and counting are 20 times Python"
    ) {
      $0.family == .submitting || $0.family == .computing || $0.name.hasPrefix("count.")
    },
    Aim(
      suite: .processes, peer: .c, least: 0.5, words: "a blocking call is within twice of a futex ping-pong"
    ) {
      $0.name == "call.blocking"
    },
    Aim(suite: .processes, peer: .c, least: 0.25, words: "and an awaited one within four times") {
      $0.name == "call.awaited"
    },
    Aim(suite: .processes, peer: .c, least: 0.3, words: "large payloads are near a copy (to three times)") {
      $0.name.hasSuffix(".100m") || $0.name == "shared-memory.1m"
    },
    Aim(suite: .processes, peer: .python, least: 10, words: "round trips are 10 times Python") {
      $0.name.hasPrefix("call") || $0.name == "echo.10" || $0.name == "dispatched"
    },
    Aim(suite: .processes, peer: .python, least: 20, words: "queues are 20 times Python") {
      $0.name.hasPrefix("shared-queue.")
    },
  ]
}

extension Row {
  /// Whether it is of a channel (a select and a ping-pong over channels too) between threads or tasks.
  fileprivate func isChannel(between kind: String) -> Bool {
    (name.hasPrefix("channel.") || name.hasPrefix("pingpong.channel.") || name.hasPrefix("select."))
      && name.hasSuffix(kind)
  }
}
