internal import Glibc
public import SkeinSync

/// Named points in the code under test that a test waits for, and at which it may hold that code up.
///
/// The code reports where it is, through a hook that is absent in production; the test waits for a number of
/// reports instead of sleeping, and makes the interleaving that it means by pausing the code at one point
/// while another part goes on.
///
/// ```swift
/// enum Step { case claimed, finished }
/// let signals = TestSignals<Step>()
/// signals.pause(at: .claimed)
/// let work = Task { try await signals.pass(.claimed) }
/// try await signals.wait(for: .claimed)
/// // ... the code under test stands still here ...
/// signals.resume(.claimed)
/// try await work.value
/// ```
///
/// - Invariant: counts only grow; a point has at most one order (pause, failure or kill), which holds until
///   it is replaced or resumed.
/// - Source: the test signals of the job queues river and oban.
public final class TestSignals<Point: Hashable & Sendable>: Sendable {
  /// What the test wants to happen to whoever passes a point.
  private enum Order: Sendable {
    case pause
    case fail(any Error)
    case kill
  }

  private enum Request: Sendable {
    case count(Point, Int)
    case departure(Point)
  }

  private struct State: Sendable {
    var counts: [Point: Int] = [:]
    var orders: [Point: Order] = [:]

    func grants(_ request: Request) -> Bool {
      switch request {
      case .count(let point, let count): return counts[point, default: 0] >= count
      case .departure(let point):
        if case .pause = orders[point] { return false }
        return true
      }
    }
  }

  private let state: WaitPoint<State, Request>

  /// Creates signals with no reports and no orders.
  public init() {
    state = WaitPoint(State(), identity: ObjectIdentity("TestSignals", name: nil, place: SourcePlace())) {
      guarded, wakes in
      let state = guarded.state
      guarded.queue.claimAll(as: .granted, where: state.grants, &wakes)
    }
  }

  // MARK: The code under test

  /// Reports that a point was reached. Never waits.
  ///
  /// - Precondition: the test has not asked for a pause or a failure at this point, which only
  ///   ``pass(_:)-(Point)`` obeys.
  public func reach(_ point: Point) {
    switch report(point) {
    case nil: return
    case .kill: killThisProcess()
    case .pause, .fail:
      preconditionFailure(
        "the test wants a pause or a failure at \(point), where the code calls reach(_:), not pass(_:)")
    }
  }

  /// Reports that a point was reached, then does what the test ordered there: suspends the task until the
  /// test resumes the point, throws, or kills the process.
  ///
  /// - Throws: what the test gave to ``fail(at:with:)``; `CancellationError` when the task is cancelled in a
  ///   pause.
  public func pass(_ point: Point) async throws {
    guard try obey(report(point)) else { return }
    do {
      _ = try await state.wait(for: .departure(point), until: nil, clock: MonotonicClock(), at: SourcePlace())
      { guarded, _ in
        guarded.state.grants(.departure(point))
      }
    } catch {
      throw CancellationError()
    }
  }

  /// Reports that a point was reached, then does what the test ordered there: blocks the thread until the
  /// test resumes the point, throws, or kills the process.
  ///
  /// - Throws: what the test gave to ``fail(at:with:)``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func pass(_ point: Point) throws {
    guard try obey(report(point)) else { return }
    _ = try state.wait(for: .departure(point), until: nil, clock: MonotonicClock(), at: SourcePlace()) {
      guarded, _ in
      guarded.state.grants(.departure(point))
    }
  }

  private func report(_ point: Point) -> Order? {
    state.update { guarded in
      guarded.state.counts[point, default: 0] += 1
      return guarded.state.orders[point]
    }
  }

  /// Carries out an order that needs no wait; answers whether a pause is wanted.
  private func obey(_ order: Order?) throws -> Bool {
    switch order {
    case nil: return false
    case .pause: return true
    case .fail(let error): throw error
    case .kill: killThisProcess()
    }
  }

  // MARK: The test

  /// Makes everybody who passes the point stand still there until ``resume(_:)``.
  public func pause(at point: Point) {
    order(.pause, at: point)
  }

  /// Takes back whatever was ordered at the point, and lets go everybody who stands there.
  public func resume(_ point: Point) {
    order(nil, at: point)
  }

  /// Makes everybody who passes the point fail there, until ``resume(_:)``.
  public func fail(at point: Point, with error: any Error) {
    order(.fail(error), at: point)
  }

  /// Makes the first who comes to the point end the process with SIGKILL, as a crash at this very place
  /// would. For the code of a child process.
  public func kill(at point: Point) {
    order(.kill, at: point)
  }

  private func order(_ order: Order?, at point: Point) {
    state.update { $0.state.orders[point] = order }
  }

  /// How often the point has been reached.
  public func count(of point: Point) -> Int {
    state.update { $0.state.counts[point, default: 0] }
  }

  /// Suspends the task until the point has been reached `count` times in all.
  ///
  /// - Parameters:
  ///   - point: the point.
  ///   - count: how often it must have been reached since the signals were created.
  ///   - limit: how much real time that may take; generous, for it is reached only when the code under test
  ///     is wrong.
  /// - Throws: ``WaitError/timedOut`` past the limit, ``WaitError/cancelled``.
  public func wait(for point: Point, count: Int = 1, limit: Duration = .seconds(60)) async throws(WaitError) {
    let clock = MonotonicClock()
    let request = Request.count(point, count)
    _ = try await state.wait(
      for: request, until: clock.now.advanced(by: limit), clock: clock, at: SourcePlace()
    ) { guarded, _ in
      guarded.state.grants(request)
    }
  }

  /// Blocks the thread until the point has been reached `count` times in all.
  ///
  /// - Throws: ``WaitError/timedOut`` past the limit of real time.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func wait(for point: Point, count: Int = 1, limit: Duration = .seconds(60)) throws(WaitError) {
    let clock = MonotonicClock()
    let request = Request.count(point, count)
    _ = try state.wait(for: request, until: clock.now.advanced(by: limit), clock: clock, at: SourcePlace()) {
      guarded, _ in
      guarded.state.grants(request)
    }
  }
}

private func killThisProcess() -> Never {
  kill(getpid(), SIGKILL)
  fatalError("SIGKILL did not end the process")
}
