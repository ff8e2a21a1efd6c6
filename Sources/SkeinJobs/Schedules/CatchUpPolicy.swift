/// What becomes of ticks at which nobody was there to enqueue.
public enum CatchUpPolicy: Hashable, Sendable, Codable {
  /// They are dropped: only a tick that is noticed within the grace is due.
  case skip
  /// One run stands for all of them, at the last of them.
  case once
  /// Each gets its run, but no more than the last `limit` of them; earlier ones are dropped.
  ///
  /// A limit below 1 counts as 1, and one above ``most`` as that.
  case all(limit: Int)

  /// The most ticks that are ever due at once: 1000.
  public static let most = 1000
}
