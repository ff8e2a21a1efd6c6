import Glibc
import SkeinSync

/// A state that threads and tasks wait on by looking again and again, in lines: plain enough to be seen
/// right, and the ground on which faulty primitives are built.
///
/// Whoever looks in vain looks less and less often, so that a fault which makes its users wait for ever costs
/// little, and gives up in the end.
final class PollingPoint<State: Sendable>: Sendable {
  private struct Guarded: Sendable {
    var state: State
    /// Who stands in each line, in the order of arrival.
    var lines: [Int: [Int]] = [:]
    var nextTicket = 0
  }

  struct GivenUp: Error {}

  /// Long enough that a busy machine does not look like a fault.
  private static var patience: Duration { .seconds(20) }

  /// How long to wait before the next look, in microseconds.
  private static func pause(after round: Int) -> Int { min(5000, 20 << min(round / 8, 8)) }

  private let guarded: Lock<Guarded>
  private let isFair: Bool
  private let clock = MonotonicClock()

  init(_ state: State, isFair: Bool = true) {
    guarded = Lock(Guarded(state: state))
    self.isFair = isFair
  }

  var waiterCount: Int { guarded.withLock { $0.lines.values.map(\.count).reduce(0, +) } }

  func update<Result: Sendable>(_ body: (inout State) throws -> Result) rethrows -> Result {
    try guarded.withLock { try body(&$0.state) }
  }

  /// Waits in a line until `attempt` gives something. With no fairness, the last who came is served.
  func wait<Result: Sendable>(
    line: Int = 0, timeout: Duration? = nil, isCancellable: Bool = true,
    _ attempt: (inout State) throws -> Result?
  ) async throws -> Result {
    let ticket = enter(line)
    defer { leave(line, ticket) }
    let deadline = clock.now.advanced(by: timeout ?? Self.patience)
    for round in 0... {
      if let result = try look(line, ticket, attempt) { return result }
      if Task.isCancelled && isCancellable { throw WaitError.cancelled }
      if clock.now >= deadline { throw timeout == nil ? GivenUp() as any Error : WaitError.timedOut }
      await Task.yield()
      if round > 20 { await sleep(.microseconds(Self.pause(after: round))) }
    }
    throw GivenUp()
  }

  @available(*, noasync)
  func wait<Result: Sendable>(
    line: Int = 0, timeout: Duration? = nil, _ attempt: (inout State) throws -> Result?
  ) throws -> Result {
    let ticket = enter(line)
    defer { leave(line, ticket) }
    let deadline = clock.now.advanced(by: timeout ?? Self.patience)
    for round in 0... {
      if let result = try look(line, ticket, attempt) { return result }
      if clock.now >= deadline { throw timeout == nil ? GivenUp() as any Error : WaitError.timedOut }
      usleep(UInt32(Self.pause(after: round)))
    }
    throw GivenUp()
  }

  /// In a task of its own, for the sleep of a cancelled one ends at once: who ignores the cancellation would spin.
  private func sleep(_ duration: Duration) async {
    let clock = clock
    _ = await Task { try? await clock.sleep(until: clock.now.advanced(by: duration)) }.value
  }

  private func enter(_ line: Int) -> Int {
    guarded.withLock { guarded in
      guarded.nextTicket += 1
      guarded.lines[line, default: []].append(guarded.nextTicket)
      return guarded.nextTicket
    }
  }

  private func leave(_ line: Int, _ ticket: Int) {
    guarded.withLock { guarded in guarded.lines[line]?.removeAll { $0 == ticket } }
  }

  /// Looks, if it is the ticket's turn; who gets something leaves the line in the same moment.
  private func look<Result: Sendable>(
    _ line: Int, _ ticket: Int, _ attempt: (inout State) throws -> Result?
  ) throws -> Result? {
    try guarded.withLock { guarded in
      let tickets = guarded.lines[line] ?? []
      guard ticket == (isFair ? tickets.first : tickets.last) else { return nil }
      guard let result = try attempt(&guarded.state) else { return nil }
      guarded.lines[line]?.removeAll { $0 == ticket }
      return result
    }
  }
}
