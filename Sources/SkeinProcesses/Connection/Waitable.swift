public import SkeinSync

/// Something of another process that can be waited for together with others: a ``Connection`` for what it has to receive,
/// a ``ChildProcess`` for its end, an ``OwnedDescriptor`` for what can be read.
public protocol ProcessWaitable: AnyObject, Sendable {
  /// The descriptor that becomes readable, held while it is waited for; `nil` when it is ready at this instant.
  var awaitedDescriptor: OwnedDescriptor? { get }
}

extension OwnedDescriptor: ProcessWaitable {
  /// This one.
  public var awaitedDescriptor: OwnedDescriptor? { self }
}

extension Connection: ProcessWaitable {
  /// The socket; `nil` when something was read that was not received yet, or this end was closed.
  public var awaitedDescriptor: OwnedDescriptor? { hasUnread ? nil : socket.current }
}

extension ChildProcess: ProcessWaitable {
  /// What becomes readable when it ends; `nil` when it has.
  public var awaitedDescriptor: OwnedDescriptor? { process }
}

/// Blocks the thread until one of several connections and processes is ready, or until `timeout` has passed.
///
/// - Parameters:
///   - objects: what to wait for.
///   - timeout: how long to wait at the longest; zero or less only looks, and `nil` is without limit.
/// - Returns: those that are ready, in their order; none when the time has passed.
/// - Complexity: O(objects).
/// - Source: behaviour after CPython's `multiprocessing.connection.wait`.
@available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
public func waitForAny(
  of objects: [any ProcessWaitable], timeout: Duration? = nil, file: StaticString = #fileID,
  line: UInt = #line
) -> [any ProcessWaitable] {
  let awaited = objects.map(\.awaitedDescriptor)
  let isReady = awaited.contains { $0 == nil }
  let ready = DescriptorWait.ready(
    among: awaited.compactMap { $0.map { ($0.rawValue, .reading) } },
    until: Connection.deadline(after: isReady ? .zero : timeout),
    for: ObjectIdentity("Connection", name: "any of \(objects.count)", place: SourcePlace(file, line)),
    at: SourcePlace(file, line))
  return pick(from: objects, awaited, ready)
}

/// Suspends the task until one of several connections and processes is ready, or until `timeout` has passed.
///
/// - Parameters:
///   - objects: what to wait for.
///   - timeout: how long to wait at the longest; zero or less only looks, and `nil` is without limit.
///   - clock: what measures it.
/// - Returns: those that are ready, in their order; none when the time has passed.
/// - Throws: `WaitError.cancelled`.
/// - Cancellation: nothing changes.
/// - Complexity: O(objects).
public func waitForAny<C: DeadlineClock>(
  of objects: [any ProcessWaitable], timeout: Duration? = nil, clock: C = MonotonicClock()
) async throws(WaitError) -> [any ProcessWaitable] {
  let deadline = timeout.map { clock.now.advanced(by: $0) }
  while true {
    let awaited = objects.map(\.awaitedDescriptor)
    let ready = DescriptorWait.readyNow(among: awaited.compactMap { $0.map { ($0.rawValue, .reading) } })
    let picked = pick(from: objects, awaited, ready)
    if !picked.isEmpty { return picked }
    do {
      try await wait(for: awaited.compactMap { $0 }, until: deadline, clock: clock)
    } catch WaitError.timedOut { return [] }
  }
}

/// Suspends the task until one of several descriptors can be read.
private func wait<C: DeadlineClock>(
  for descriptors: [OwnedDescriptor], until deadline: C.Instant?, clock: C
) async throws(WaitError) {
  let isReady = Event()
  let interests = descriptors.map { ($0, DescriptorMonitor.Interest(.reading) { isReady.set() }) }
  let monitor = DescriptorMonitor.shared
  for (descriptor, interest) in interests { monitor.add(interest, to: descriptor.rawValue) }
  defer { for (descriptor, interest) in interests { monitor.remove(interest, from: descriptor.rawValue) } }
  if let deadline {
    try await isReady.wait(timeout: clock.now.duration(to: deadline), clock: clock)
  } else {
    try await isReady.wait()
  }
}

/// The objects that are ready at once, or whose descriptors are.
private func pick(
  from objects: [any ProcessWaitable], _ awaited: [OwnedDescriptor?], _ ready: [Bool]
) -> [any ProcessWaitable] {
  var answers = ready.makeIterator()
  return zip(objects, awaited).filter { _, descriptor in descriptor == nil || answers.next() ?? false }.map(
    \.0)
}
