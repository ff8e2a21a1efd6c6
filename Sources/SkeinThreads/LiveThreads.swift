internal import Glibc
internal import SkeinSync

/// The threads of ``OSThread`` that live, and the end of the process, which waits for those that are no daemons.
package enum LiveThreads {
  private struct State {
    var records: [UInt64: ThreadRecord] = [:]
    var isEnding = false
    var isRegistered = false
    var farewells: [@Sendable () -> Void] = []
  }

  private static let state = Lock(State(), internalTo: "LiveThreads")

  /// All that live, in the order of their making.
  package static var records: [ThreadRecord] {
    state.withLock { Array($0.records.values) }.sorted { $0.number < $1.number }
  }

  /// Counts a thread among those that live, before it is created: the end of the process must not miss it.
  static func add(_ record: ThreadRecord) throws(ThreadError) {
    let isRefused = state.withLock { state in
      if state.isEnding { return true }
      if !state.isRegistered {
        state.isRegistered = true
        atexit { LiveThreads.joinAll() }
      }
      state.records[record.number] = record
      return false
    }
    if isRefused { throw .processEnds(name: record.name) }
    record.census?.add(record)
  }

  /// Has `farewell` run at the end of the process, before its threads are waited for.
  package static func atExit(_ farewell: @escaping @Sendable () -> Void) {
    state.withLock { $0.farewells.append(farewell) }
  }

  static func remove(_ record: ThreadRecord) {
    let removed = state.withLock { $0.records.removeValue(forKey: record.number) }
    withExtendedLifetime(removed) {}
    record.census?.remove(record)
  }

  /// Waits for all threads that are no daemons, and for those that they start meanwhile; then nothing is started.
  ///
  /// The thread that ends the process, if it is one of them, can not be waited for: it stays behind in `exit`.
  private static func joinAll() {
    for farewell in state.withLock({ $0.farewells }) { farewell() }
    while let record = nextToJoin() {
      try? record.waitForEnd(until: nil, clock: MonotonicClock(), at: SourcePlace())
    }
  }

  private static func nextToJoin() -> ThreadRecord? {
    let own = ThreadRecord.current
    return state.withLock { state in
      let next = state.records.values.first { !$0.isDaemon && $0 !== own }
      if next == nil { state.isEnding = true }
      return next
    }
  }
}

/// The threads that were made inside a piece of code, and by threads that were: what a check for leaks counts.
package final class ThreadCensus: Sendable {
  @TaskLocal package static var current: ThreadCensus?

  private let records = Lock<[UInt64: ThreadRecord]>([:], internalTo: "ThreadCensus")

  package init() {}

  /// The names of those that live.
  package var names: [String] {
    records.withLock { Array($0.values) }.sorted { $0.number < $1.number }.map(\.name)
  }

  fileprivate func add(_ record: ThreadRecord) { records.withLock { $0[record.number] = record } }

  fileprivate func remove(_ record: ThreadRecord) {
    let removed = records.withLock { $0.removeValue(forKey: record.number) }
    withExtendedLifetime(removed) {}
  }
}
