public import CSkein

/// The one core of ``Queue``, ``LIFOQueue``, ``PriorityQueue`` and ``DelayQueue``: elements that threads and
/// tasks hand over, in the order that `Order` decides.
///
/// A put waits while the queue is full, a get while nothing is ready; both serve first come, first served,
/// and an element that somebody waits for is handed to the first who does. One who is cancelled or out of
/// time leaves the queue, and no element is lost with them. Without waiters, a put and a get are one short
/// uncontended lock each, made for the element's type in the module that calls.
///
/// - Invariant: every element that was taken in is given out once, or dropped by an immediate shutdown.
/// - Source: behaviour after CPython's `queue` (3.13, with `shutdown`), but fair.
public class OrderedQueue<Order: QueueDiscipline>: @unchecked Sendable {
  // Sendable because its stored properties are constants of Sendable types; unchecked because it is not
  // final, for the four queues that are made of it here: they add no state, and nobody else can derive.

  /// What is queued.
  public typealias Element = Order.Element

  @usableFromInline typealias State = QueueState<Order>
  @usableFromInline typealias Request = QueueRequest<Order.Element>

  @usableFromInline final let waiters: WaitPoint<State, Request>

  @inlinable
  init(_ order: Order, capacity: Int?, identity: ObjectIdentity) {
    checkContract(
      capacity.map { $0 > 0 } ?? true,
      "\(identity) can not have a capacity of \(capacity ?? 0): at least one, or none given for no limit")
    waiters = WaitPoint(
      State(order, capacity: capacity ?? .max), identity: identity,
      description: OrderedQueue.description, settle: State.settle)
  }

  @usableFromInline
  static var description: WaitDescription<State, Request> {
    WaitDescription(
      state: { state in
        let limit = state.capacity == .max ? "" : " of \(state.capacity)"
        return "\(state.held.count)\(limit) elements, \(state.unfinished) unfinished, \(state.phase)"
      },
      purpose: { request in
        switch request.kind {
        case .put: "to put"
        case .get: "to get"
        case .join: "for everything to be done"
        }
      })
  }

  deinit {
    if Order.isTimed { waiters.withLock { guarded, _ in guarded.state.alarm }?.cancel() }
  }

  // MARK: At this instant

  /// The name that traps and diagnosis show.
  public final var name: String? { waiters.identity.name }

  /// How many elements the queue holds at the most; `nil` means no limit.
  public final var capacity: Int? { read { $0.capacity == .max ? nil : $0.capacity } }

  /// How many elements the queue holds.
  public final var count: Int { read { $0.held.count } }

  /// Whether the queue holds nothing.
  public final var isEmpty: Bool { count == 0 }

  /// How many elements were taken in and not yet marked as done by ``taskDone(_:)``.
  public final var unfinishedCount: Int { read { $0.unfinished } }

  /// Whether ``shutdown(_:)`` was called.
  public final var isShutDown: Bool { read { $0.phase != .open } }

  /// How many threads and tasks wait for the queue.
  public final var waiterCount: Int { waiters.waiterCount }

  /// What the queue has done.
  public final var statistics: QueueStatistics { read { $0.statistics } }

  private final func read<Result: Sendable>(_ body: (State) -> Result) -> Result {
    waiters.withLock { guarded, _ in body(guarded.state) }
  }

  // MARK: Without waiting

  @usableFromInline
  enum Attempt: Sendable {
    case done
    case mustWait
    case refused
  }

  /// Takes an element in, if there is room and nobody waits to put. Never waits.
  ///
  /// - Returns: whether the element was taken; `false` as well once the queue is shut down.
  /// - Complexity: that of the order's insertion.
  @inlinable
  public final func tryPut(_ element: Element) -> Bool { attemptPut(element) == .done }

  /// Gives out the element whose turn it is, if one is ready and nobody waits for it. Never waits.
  ///
  /// - Returns: the element; `nil` when none is ready.
  /// - Complexity: that of the order's removal.
  @inlinable
  public final func tryGet() -> Element? { attemptGet().element }

  @inlinable
  final func attemptPut(_ element: Element) -> Attempt {
    let attempt = waiters.withLock { guarded, wakes in
      var request = Request(.put, element: element)
      let attempt = Self.attempt(&request, &guarded)
      if attempt == .done, !guarded.queue.isEmpty { State.settle(&guarded, &wakes) }
      return attempt
    }
    if attempt == .done { notePut() }
    return attempt
  }

  @inlinable
  final func attemptGet() -> (element: Element?, attempt: Attempt) {
    let (element, attempt) = waiters.withLock { guarded, wakes in
      var request = Request(.get)
      let attempt = Self.attempt(&request, &guarded)
      if attempt == .done, !guarded.queue.isEmpty { State.settle(&guarded, &wakes) }
      return (request.element, attempt)
    }
    if skein_observed() != 0, attempt == .done { noteUse(.got) }
    return (element, attempt)
  }

  @inlinable
  static func attempt(_ request: inout Request, _ guarded: inout State.Guarded) -> Attempt {
    if guarded.state.refuses(request.kind) { return .refused }
    guard guarded.state.grants(request.kind) else { return .mustWait }
    guard guarded.queue.isEmpty || !State.isPreceded(request.kind, in: guarded) else { return .mustWait }
    guarded.state.perform(&request)
    return .done
  }

  // MARK: Shutting down

  /// Ends the queue: puts are refused with ``WaitError/closed`` from now on, and gets when nothing is left.
  ///
  /// A queue that drains can be shut down at once later; the other way round changes nothing.
  ///
  /// - Parameter mode: what becomes of the elements that the queue holds.
  /// - Complexity: O(waiters + elements dropped).
  public final func shutdown(_ mode: QueueShutdown = .drain) {
    let dropped = waiters.update { $0.state.shutDown(mode) }
    withExtendedLifetime(dropped) {}
  }

  // MARK: For diagnosis, and for time

  @inlinable
  final func notePut() {
    if skein_observed() != 0 { noteUse(.put) }
    if Order.isTimed { setAlarm() }
  }

  @usableFromInline
  final func noteUse(_ use: ObservedUse) {
    SyncObservation.observer(of: .uses)?.didUse(waiters.id, as: use)
  }

  /// Serves whoever can be served, and sees to it that the getters who are left are served when the first
  /// element's time has come.
  ///
  /// It is called whenever a getter has come into the line, or an element to getters who wait: one that became
  /// due in between is found here, and one that comes later finds the getter.
  @usableFromInline
  final func setAlarm() {
    let (alarm, number) = waiters.withLock { guarded, wakes in
      State.settle(&guarded, &wakes)
      guarded.state.alarmNumber += 1
      let isAwaited = guarded.queue.first { $0.kind == .get } != nil
      return (isAwaited ? guarded.state.held.alarm() : nil, guarded.state.alarmNumber)
    }
    guard let alarm else { return }
    let new = alarm { [weak self] in self?.setAlarm() }
    let outdated = waiters.withLock { guarded, _ in
      // Who looked later may have seen an earlier element: then that alarm is the one to keep.
      guard guarded.state.alarmNumber == number else { return new as ScheduledAction? }
      defer { guarded.state.alarm = new }
      return guarded.state.alarm
    }
    outdated?.cancel()
  }
}
