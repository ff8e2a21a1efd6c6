internal import SkeinSync

/// The changes of a queue's jobs, as they are committed by any process: an endless sequence of records.
///
/// Nothing is buffered: each iterator reads on from its own place in the queue's numbered changes, so that a slow reader
/// costs no memory and misses no job. Changes of one job that follow each other closely may appear as one.
///
/// - Cancellation: `next()` throws `CancellationError`.
public struct JobEvents: AsyncSequence, Sendable {
  /// A record as of its latest change.
  public typealias Element = JobRecord

  let store: any JobStore
  let hub: SignalHub
  let start: Int64?

  /// Starts to read at the place that was asked for, else at the present.
  public func makeAsyncIterator() -> Iterator {
    Iterator(store: store, hub: hub, cursor: start)
  }

  /// Reads changes in the order of their commits.
  public struct Iterator: AsyncIteratorProtocol {
    private let store: any JobStore
    private let listener: Listener
    private var cursor: Int64?
    private var batch: ArraySlice<JobRecord> = []

    init(store: any JobStore, hub: SignalHub, cursor: Int64?) {
      self.store = store
      self.cursor = cursor
      listener = Listener(hub)
    }

    /// Waits for the next change.
    ///
    /// - Throws: `CancellationError`; ``JobQueueError`` when the store can not be read.
    public mutating func next() async throws -> JobRecord? {
      while true {
        if let record = batch.popFirst() { return record }
        listener.news.reset()
        let position = try cursor ?? store.revision()
        batch = try store.changes(after: position, limit: 500)[...]
        cursor = batch.last?.revision ?? position
        if batch.isEmpty {
          do { try await listener.news.wait() } catch { throw CancellationError() }
        }
      }
    }
  }

  /// Hears news as long as it is kept.
  final class Listener: Sendable {
    let news = Event(name: "job changes")
    private let listening: ScheduledAction

    init(_ hub: SignalHub) {
      listening = hub.listen { [news] in news.set() }
    }

    deinit { listening.cancel() }
  }
}
