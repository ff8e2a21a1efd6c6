/// What a queue has done since it was made.
public struct QueueStatistics: Hashable, Sendable {
  /// How many elements were taken in.
  public var put = 0
  /// How many elements were given out.
  public var got = 0
  /// How many elements were held at the most.
  public var peak = 0
  /// How many elements were dropped by an immediate shutdown.
  public var dropped = 0

  @usableFromInline init() {}
}

/// What becomes of the elements that a queue holds when it is shut down.
public enum QueueShutdown: Sendable {
  /// They are given out; then every get is refused.
  case drain
  /// They are dropped and count as done; every get is refused.
  case immediate
}
