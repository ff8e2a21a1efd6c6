internal import SkeinSync

/// Sends beats to the cooperative pool and tells when they do not come back.
///
/// On Linux the pool has threads for each priority apart, as many as there are cores. The beat runs at the
/// medium one, like all tasks that name none and whose parents name none: a beat at a high priority would run
/// while those stand still.
final class StallDetector<C: DeadlineClock>: Sendable {
  enum News: Equatable, Sendable {
    case stall(Duration)
    case end(Duration)
  }

  private struct State {
    var watch: StallWatch<C.Instant>
    var next: ScheduledAction?
    var isStopped = false
  }

  private let clock: C
  private let state: Lock<State>
  private let send: @Sendable (@escaping @Sendable () -> Void) -> Void
  private let tell: @Sendable (News) -> Void

  /// - Parameters:
  ///   - threshold: how long a task may wait for a thread.
  ///   - clock: what measures it, and ticks.
  ///   - send: runs a function in a task of the pool.
  ///   - tell: gets the news, on the clock's thread or the task's: it must not wait.
  init(
    threshold: Duration, clock: C,
    send: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { beat in
      Task.detached(name: "skein-beat", priority: .medium) { beat() }
    },
    tell: @escaping @Sendable (News) -> Void
  ) {
    self.clock = clock
    self.send = send
    self.tell = tell
    state = Lock(State(watch: StallWatch(threshold: threshold)), internalTo: "stall detector")
  }

  /// Ticks from now on, until ``stop()``.
  func start() { tick() }

  func stop() {
    let next = state.withLock { state in
      state.isStopped = true
      return state.next
    }
    next?.cancel()
  }

  private func tick() {
    let now = clock.now
    let (action, period) = state.withLock { state in
      (state.isStopped ? .none : state.watch.tick(at: now), state.watch.period)
    }
    perform(action)
    let next = clock.schedule(at: now.advanced(by: period)) { [weak self] in self?.tick() }
    let isStopped = state.withLock { state in
      state.next = next
      return state.isStopped
    }
    if isStopped { next.cancel() }
  }

  private func beat() {
    let now = clock.now
    perform(state.withLock { $0.isStopped ? .none : $0.watch.beat(at: now) })
  }

  private func perform(_ action: StallWatch<C.Instant>.Action) {
    switch action {
    case .none: break
    case .sendBeat: send { [weak self] in self?.beat() }
    case .tellStall(let age): tell(.stall(age))
    case .tellEnd(let total): tell(.end(total))
    }
  }
}
