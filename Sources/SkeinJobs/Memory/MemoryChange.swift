/// What a producer has changed in a ``MemoryJobStore``, for whoever follows that before the producer goes on.
package struct MemoryChange: Sendable {
  /// The jobs that it has stored, with those that stand for them.
  package var enqueued: [EnqueuedJob]
  /// Whether it has asked for the end of a running job.
  package var hasControl: Bool
}

extension MemoryJobStore {
  /// Acts on a change, in the producer's task. The change stands, whatever this throws; the producer is thrown it.
  package typealias Follow = @Sendable (MemoryJobStore, MemoryChange) async throws -> Void
}
