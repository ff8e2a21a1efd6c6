internal import SkeinSync

/// The threads that were made inside a piece of code, and by threads that were: what a check for leaks counts.
package final class ThreadCensus: Sendable {
  @TaskLocal package static var current: ThreadCensus?

  private let records = Lock<[UInt64: ThreadRecord]>([:], internalTo: "ThreadCensus")

  package init() {}

  /// The names of those that live.
  package var names: [String] {
    records.withLock { Array($0.values) }.sorted { $0.number < $1.number }.map(\.name)
  }

  func add(_ record: ThreadRecord) { records.withLock { $0[record.number] = record } }

  func remove(_ record: ThreadRecord) {
    let removed = records.withLock { $0.removeValue(forKey: record.number) }
    withExtendedLifetime(removed) {}
  }
}
