internal import SkeinSync

/// Wakes those who wait for the end of a job: one task reads the queue's changes for all of them, as long as somebody
/// waits.
final class JobEndings: Sendable {
  private struct State {
    var waiting: [JobID: [Event]] = [:]
    var reader: Task<Void, Never>?
  }

  /// A job that is removed tells nobody: after so long it is looked for again.
  private static let lookAgain = Duration.seconds(3)

  private let store: any JobStore
  private let hub: SignalHub
  private let state = Lock(State(), name: "job endings")

  init(store: any JobStore, hub: SignalHub) {
    self.store = store
    self.hub = hub
  }

  func wait(for id: JobID, timeout: Duration?) async throws -> JobRecord {
    let clock = MonotonicClock()
    let deadline = timeout.map { clock.now.advanced(by: $0) }
    // Registered before the job is looked at, so that an end in between is not missed.
    let start = try store.revision()
    let event = Event(name: "end of job \(id)")
    register(event, id, start)
    defer { unregister(event, id) }
    while true {
      guard let record = try await store.job(id) else { throw JobQueueError.notFound(id) }
      if record.state.isFinished { return record }
      let now = clock.now
      if let deadline, now >= deadline {
        throw JobQueueError(
          .timedOut,
          "job \(id) is still \(record.state.name) after \(timeout!); it goes on, and can be waited for again"
        )
      }
      let again = now.advanced(by: Self.lookAgain)
      do {
        try await event.wait(until: min(deadline ?? again, again), clock: clock)
        event.reset()
      } catch .timedOut {
        continue
      } catch .cancelled {
        throw CancellationError()
      } catch .closed {
        throw JobQueueError(.closed, "the queue was closed while job \(id) was waited for")
      }
    }
  }

  private func register(_ event: Event, _ id: JobID, _ start: Int64) {
    state.withLock { state in
      state.waiting[id, default: []].append(event)
      guard state.reader == nil else { return }
      state.reader = Task { await self.read(JobEvents(store: store, hub: hub, start: start)) }
    }
  }

  private func unregister(_ event: Event, _ id: JobID) {
    state.withLock { state in
      state.waiting[id]?.removeAll { $0 === event }
      if state.waiting[id]?.isEmpty == true { state.waiting[id] = nil }
      guard state.waiting.isEmpty else { return }
      state.reader?.cancel()
      state.reader = nil
    }
  }

  private func read(_ events: JobEvents) async {
    do {
      for try await record in events where record.state.isFinished {
        for event in state.withLock({ $0.waiting[record.id] ?? [] }) { event.set() }
      }
    } catch is CancellationError {
      return
    } catch {
      // The store can not be read any more: whoever waits finds that out by itself, or is told that it closed.
      let events = state.withLock { state in
        state.reader = nil
        return state.waiting.values.joined().map { $0 }
      }
      for event in events { event.close() }
    }
  }
}
