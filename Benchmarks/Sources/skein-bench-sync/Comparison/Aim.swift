/// What the project wants to reach: a ratio to a peer.
struct Aim {
  let peer: System.ID
  /// Theirs ÷ ours.
  let least: Double
  let words: String
  let applies: @Sendable (Row) -> Bool

  static let all = [
    Aim(peer: .rust, least: 0.95, words: "a lock is no slower than parking_lot's (to 5 %)") {
      $0.family == .locks
    },
    Aim(peer: .mutex, least: 10, words: "4 threads with a short hold: 10 times Synchronization.Mutex") {
      $0.name == "lock.4.short"
    },
    Aim(peer: .go, least: 1, words: "queues are ahead of Go's channels") { $0.name.hasPrefix("queue.") },
    Aim(peer: .rust, least: 0.5, words: "channels are within twice of crossbeam between threads") {
      $0.isChannel(between: "threads")
    },
    Aim(peer: .rust, least: 1, words: "channels are ahead of tokio between tasks") {
      $0.isChannel(between: "tasks")
    },
    Aim(peer: .go, least: 1, words: "channels are ahead of Go between tasks") {
      $0.isChannel(between: "tasks")
    },
    // A microsecond of work in both languages leaves no room for such a ratio.
    Aim(peer: .python, least: 20, words: "everything but a lock with a long hold is 20 times Python") {
      $0.figure == .nanoseconds && !$0.name.hasSuffix(".long")
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
