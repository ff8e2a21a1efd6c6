import SkeinSync
import SkeinTesting

/// A queue that polls, right or with one fault.
final class PollingQueue<Element: Sendable & Comparable>: ExercisableQueue {
  enum Order { case fifo, lifo, sorted }

  enum Fault {
    case wrongOrder, losesElements, doublesElements, ignoresCapacity, miscounts, triesAlwaysFail
    case getTakesAtTimeout, getTakesAtCancellation, ignoresCancellation, putStaysAtCancellation, isUnfair
    case joinsEarly, shutdownWakesNobody, drainDrops, drainTakesPuts, immediateKeeps, immediateForgetsJoin
    case keepsElements

    /// Whether the fault shows in somebody who waits for ever.
    var makesWait: Bool {
      switch self {
      case .ignoresCancellation, .shutdownWakesNobody, .immediateForgetsJoin: true
      default: false
      }
    }
  }

  private struct State: Sendable {
    enum Phase { case open, draining, over }

    var elements: [Element] = []
    var kept: [Element] = []
    var unfinished = 0
    var puts = 0
    /// How many of the next elements are lost.
    var debt = 0
    var phase = Phase.open
    let capacity: Int
    let order: Order
    let fault: Fault?

    mutating func put(_ element: Element) throws -> Bool? {
      if phase != .open && fault != .drainTakesPuts { throw WaitError.closed }
      guard elements.count < capacity || fault == .ignoresCapacity else { return nil }
      puts += 1
      unfinished += 1
      if fault == .keepsElements { kept.append(element) }
      if fault == .losesElements && puts % 7 == 0 { return true }
      if debt > 0 {
        debt -= 1
        return true
      }
      elements.append(element)
      if fault == .doublesElements && puts % 7 == 0 { elements.append(element) }
      if order == .sorted { elements.sort() }
      return true
    }

    mutating func get() throws -> Element? {
      guard !elements.isEmpty else {
        if phase != .open && fault != .shutdownWakesNobody { throw WaitError.closed }
        return nil
      }
      return (order == .lifo) != (fault == .wrongOrder) ? elements.removeLast() : elements.removeFirst()
    }

    mutating func shutdown(isImmediate: Bool) {
      phase = isImmediate ? .over : .draining
      guard isImmediate && fault != .immediateKeeps || fault == .drainDrops else { return }
      if fault != .immediateForgetsJoin { unfinished -= elements.count }
      elements = []
    }
  }

  private let point: PollingPoint<State>
  private let fault: Fault?

  init(capacity: Int?, order: Order = .fifo, fault: Fault? = nil) {
    let state = State(capacity: capacity ?? .max, order: order, fault: fault)
    point = PollingPoint(state, isFair: fault != .isUnfair)
    self.fault = fault
  }

  var count: Int { point.update { $0.elements.count + (fault == .miscounts ? 1 : 0) } }
  var waiterCount: Int { point.waiterCount }

  func tryPut(_ element: Element) -> Bool {
    guard fault != .triesAlwaysFail else { return false }
    return point.update { (try? $0.put(element)) ?? false }
  }

  func tryGet() -> Element? { point.update { (try? $0.get()) ?? nil } }
  func taskDone() { point.update { $0.unfinished -= 1 } }
  func shutdownDraining() { point.update { $0.shutdown(isImmediate: false) } }
  func shutdownImmediately() { point.update { $0.shutdown(isImmediate: true) } }

  // MARK: Waiting

  private enum Line: Int { case putters, getters, joiners }

  func put(_ element: Element) async throws {
    try await put(element, timeout: nil)
  }

  func put<C: DeadlineClock>(_ element: Element, timeout: Duration, clock: C) async throws {
    try await put(element, timeout: timeout as Duration?)
  }

  private func put(_ element: Element, timeout: Duration?) async throws {
    do {
      _ = try await point.wait(line: Line.putters.rawValue, timeout: timeout) { try $0.put(element) }
    } catch {
      if fault == .putStaysAtCancellation { point.update { $0.elements.append(element) } }
      throw error
    }
  }

  func get() async throws -> Element {
    try await get(timeout: nil)
  }

  func get<C: DeadlineClock>(timeout: Duration, clock: C) async throws -> Element {
    try await get(timeout: timeout as Duration?)
  }

  private func get(timeout: Duration?) async throws -> Element {
    do {
      let isCancellable = fault != .ignoresCancellation
      return try await point.wait(
        line: Line.getters.rawValue, timeout: timeout, isCancellable: isCancellable
      ) { try $0.get() }
    } catch {
      atEnd(of: error as? WaitError)
      throw error
    }
  }

  func join() async throws {
    if fault == .joinsEarly { return }
    _ = try await point.wait(line: Line.joiners.rawValue) { $0.unfinished <= 0 ? true : nil }
  }

  @available(*, noasync)
  func put(_ element: Element) throws {
    _ = try point.wait(line: Line.putters.rawValue) { try $0.put(element) }
  }

  @available(*, noasync)
  func put<C: DeadlineClock>(_ element: Element, timeout: Duration, clock: C) throws {
    _ = try point.wait(line: Line.putters.rawValue, timeout: timeout) { try $0.put(element) }
  }

  @available(*, noasync)
  func get() throws -> Element {
    try point.wait(line: Line.getters.rawValue) { try $0.get() }
  }

  @available(*, noasync)
  func get<C: DeadlineClock>(timeout: Duration, clock: C) throws -> Element {
    do {
      return try point.wait(line: Line.getters.rawValue, timeout: timeout) { try $0.get() }
    } catch {
      atEnd(of: error as? WaitError)
      throw error
    }
  }

  @available(*, noasync)
  func join() throws {
    if fault == .joinsEarly { return }
    _ = try point.wait(line: Line.joiners.rawValue) { $0.unfinished <= 0 ? true : nil }
  }

  /// The faults of a get that ends without an element: the next one that is put will be lost.
  private func atEnd(of error: WaitError?) {
    switch (error, fault) {
    case (.timedOut, .getTakesAtTimeout), (.cancelled, .getTakesAtCancellation):
      point.update { $0.debt += 1 }
    default: break
    }
  }
}
