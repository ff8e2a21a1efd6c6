/// What a ``ThreadPool`` does with work when its queue is full and it has all the workers that it may have.
public enum RejectionPolicy: Hashable, Sendable, CaseIterable {
  /// Who submits waits until there is room, first come, first served: back pressure. A worker of the pool itself does
  /// not wait, but runs the work, since the room might never come.
  case block
  /// The work is refused with ``PoolError/full(pool:capacity:)``.
  case fail
  /// Who submits runs the work: back pressure too, and nothing waits.
  case runInCaller
  /// The work that stands longest in the queue is dropped, and fails with ``PoolError/dropped(pool:)``. Where the queue
  /// has no place at all the new work is refused.
  case dropOldest
}
