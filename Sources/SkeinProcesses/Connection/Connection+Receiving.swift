public import FoundationEssentials
internal import Glibc
public import SkeinSync

extension Connection {
  /// Receives the next message; suspends the task until there is one.
  ///
  /// - Parameter type: what the message is to be.
  /// - Returns: the message, with connections and shared objects of its own.
  /// - Throws: `DecodingError` when it is something else, and it is lost then; ``ConnectionError``;
  ///   `WaitError.cancelled`.
  /// - Cancellation: nothing is lost: what came of a message is kept for the next one who receives.
  /// - Complexity: O(bytes).
  public func receive<Message: Decodable>(_ type: Message.Type = Message.self) async throws -> Message {
    try await nextFrame(until: nil, clock: MonotonicClock()).decode(as: type)
  }

  /// Receives the next message; suspends the task until there is one, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - type: what the message is to be.
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Returns: the message.
  /// - Throws: `WaitError.timedOut`, and nothing is lost; else as `receive`.
  /// - Cancellation: nothing is lost.
  public func receive<Message: Decodable, C: DeadlineClock>(
    _ type: Message.Type = Message.self, timeout: Duration, clock: C = MonotonicClock()
  ) async throws -> Message {
    try await nextFrame(until: clock.now.advanced(by: timeout), clock: clock).decode(as: type)
  }

  /// Receives the next message; blocks the thread until there is one, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - type: what the message is to be.
  ///   - timeout: how long to wait at the longest; zero or less only looks, and `nil` is without limit.
  /// - Returns: the message, with connections and shared objects of its own.
  /// - Throws: `WaitError.timedOut`, and nothing is lost; `DecodingError` when it is something else, and it is lost then;
  ///   ``ConnectionError``.
  /// - Complexity: O(bytes).
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func receive<Message: Decodable>(
    _ type: Message.Type = Message.self, timeout: Duration? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) throws -> Message {
    try nextFrame(until: Self.deadline(after: timeout), at: SourcePlace(file, line)).decode(as: type)
  }

  /// Receives the next message as plain bytes; suspends the task until there is one. Open files that came with it are
  /// closed.
  ///
  /// - Throws: ``ConnectionError``; `WaitError.cancelled`.
  /// - Cancellation: nothing is lost.
  public func receiveBytes() async throws -> Data {
    try await nextFrame(until: nil, clock: MonotonicClock()).withoutDescriptors()
  }

  /// Receives the next message as plain bytes; blocks the thread until there is one, or until `timeout` has passed. Open
  /// files that came with it are closed.
  ///
  /// - Throws: `WaitError.timedOut`; ``ConnectionError``.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func receiveBytes(
    timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws -> Data {
    try nextFrame(until: Self.deadline(after: timeout), at: SourcePlace(file, line)).withoutDescriptors()
  }

  /// Whether there is something to receive: a message, a part of one, or the end. Blocks the thread until that is so, or
  /// until `timeout` has passed.
  ///
  /// - Parameter timeout: how long to wait at the longest; zero or less only looks, and `nil` is without limit.
  /// - Throws: ``ConnectionError/closed``.
  @available(*, noasync, message: "this form may block the thread; await the asynchronous one")
  public func poll(
    timeout: Duration? = .zero, file: StaticString = #fileID, line: UInt = #line
  ) throws(ConnectionError) -> Bool {
    if hasUnread { return true }
    let isReady = socket.wait(
      for: .reading, until: Self.deadline(after: timeout), at: SourcePlace(file, line))
    _ = try openSocket()
    return isReady
  }

  /// Whether there is something to receive: a message, a part of one, or the end. Suspends the task until that is so, or
  /// until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait at the longest; zero or less only looks.
  ///   - clock: what measures it.
  /// - Throws: ``ConnectionError/closed``; `WaitError.cancelled`.
  public func poll<C: DeadlineClock>(timeout: Duration = .zero, clock: C = MonotonicClock()) async throws
    -> Bool
  {
    if hasUnread { return true }
    do {
      try await socket.wait(for: .reading, until: clock.now.advanced(by: timeout), clock: clock)
    } catch WaitError.timedOut { return false }
    _ = try openSocket()
    return true
  }

  // MARK: Performing

  static func deadline(after timeout: Duration?) -> MonotonicClock.Instant? {
    timeout.map { MonotonicClock().now.advanced(by: $0) }
  }

  /// Whether something was read that was not received yet. Whoever has the turn to receive will take it.
  var hasUnread: Bool {
    guard receiveTurn.tryAcquire() else { return false }
    defer { receiveTurn.release() }
    return !reader.isEmpty
  }

  @available(*, noasync)
  func nextFrame(until deadline: MonotonicClock.Instant?, at place: SourcePlace) throws -> Frame {
    if let deadline {
      try receiveTurn.acquire(timeout: MonotonicClock().now.duration(to: deadline))
    } else {
      try receiveTurn.acquire()
    }
    defer { receiveTurn.release() }
    let frame = try spinBudget.find {
      try readFrame()
    } orWait: {
      socket.wait(for: .reading, until: deadline, at: place)
    }
    guard let frame else { throw WaitError.timedOut }
    return frame
  }

  func nextFrame<C: DeadlineClock>(until deadline: C.Instant?, clock: C) async throws -> Frame {
    if let deadline {
      try await receiveTurn.acquire(timeout: clock.now.duration(to: deadline), clock: clock)
    } else {
      try await receiveTurn.acquire()
    }
    defer { receiveTurn.release() }
    return try await spinBudget.find {
      try readFrame()
    } orAwait: {
      try await socket.wait(for: .reading, until: deadline, clock: clock)
    }
  }

  /// The next message, if all of it is here or can be read at this instant.
  private func readFrame() throws(ConnectionError) -> Frame? {
    let open = try openSocket()
    defer { withExtendedLifetime(open) {} }
    while true {
      if let frame = try reader.next() { return frame }
      switch try reader.read(from: open.rawValue) {
      case .some: continue
      case .nothingNow: return nil
      case .end: throw reader.endError
      }
    }
  }
}

extension Frame {
  fileprivate consuming func withoutDescriptors() -> Data {
    for descriptor in descriptors { _ = Glibc.close(descriptor) }
    return bytes
  }
}
