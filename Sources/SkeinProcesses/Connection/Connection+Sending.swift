public import FoundationEssentials
internal import SkeinSync
internal import SkeinWork
internal import Synchronization

extension Connection {
  /// Sends a value; suspends the task while the other end is behind with receiving.
  ///
  /// - Parameter message: the value, with the connections and shared objects in it.
  /// - Throws: `EncodingError`; ``ConnectionError``; `WaitError.cancelled`.
  /// - Cancellation: before the first byte was written, nothing was sent. After that, the message can not be completed:
  ///   the other end is told that the connection has ended.
  /// - Complexity: O(bytes).
  public func send(
    _ message: some Encodable & Sendable, file: StaticString = #fileID, line: UInt = #line
  ) async throws {
    let encoded = try EncodedMessage(message)
    try await send(encoded.bytes, encoded.descriptors)
  }

  /// Sends a value; blocks the thread while the other end is behind with receiving.
  ///
  /// - Parameter message: the value, with the connections and shared objects in it.
  /// - Throws: `EncodingError`; ``ConnectionError``.
  /// - Complexity: O(bytes).
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func send(
    _ message: some Encodable & Sendable, file: StaticString = #fileID, line: UInt = #line
  ) throws {
    let encoded = try EncodedMessage(message)
    try send(encoded.bytes, encoded.descriptors, at: SourcePlace(file, line))
  }

  /// Sends plain bytes; suspends the task while the other end is behind with receiving.
  ///
  /// - Throws: ``ConnectionError``; `WaitError.cancelled`.
  /// - Cancellation: as with `send`.
  /// - Complexity: O(bytes).
  public func sendBytes(_ bytes: Data) async throws { try await send(bytes, []) }

  /// Sends plain bytes; blocks the thread while the other end is behind with receiving.
  ///
  /// - Throws: ``ConnectionError``.
  /// - Complexity: O(bytes).
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func sendBytes(_ bytes: Data, file: StaticString = #fileID, line: UInt = #line) throws {
    try send(bytes, [], at: SourcePlace(file, line))
  }

  // MARK: Performing

  @available(*, noasync)
  func send(_ bytes: Data, _ descriptors: [OwnedDescriptor], at place: SourcePlace) throws {
    try sendTurn.acquire()
    defer { sendTurn.release() }
    try bytes.withUnsafeBytes { bytes in
      var writer = try makeWriter(bytes, descriptors)
      while try write(&writer) == .nothingNow { _ = socket.wait(for: .writing, until: nil, at: place) }
    }
  }

  func send(_ bytes: Data, _ descriptors: [OwnedDescriptor]) async throws {
    try await sendTurn.acquire()
    defer { sendTurn.release() }
    // Its bytes are reached anew after each wait: a pointer must not outlive a suspension.
    var progress = try bytes.withUnsafeBytes { try makeWriter($0, descriptors).progress }
    while true {
      let writing = try bytes.withUnsafeBytes { bytes in
        var writer = try makeWriter(bytes, descriptors)
        writer.progress = progress
        defer { progress = writer.progress }
        return try write(&writer)
      }
      if writing == .done { return }
      do {
        try await socket.wait(for: .writing, until: nil, clock: MonotonicClock())
      } catch {
        if progress > 0 { cut() }
        throw error
      }
    }
  }

  private func makeWriter(
    _ bytes: UnsafeRawBufferPointer, _ descriptors: [OwnedDescriptor]
  ) throws(ConnectionError) -> FrameWriter {
    if isCut.load(ordering: .relaxed) { throw .interrupted }
    return try FrameWriter(bytes, descriptors: descriptors.map(\.rawValue), limit: messageLimit)
  }

  private func write(_ writer: inout FrameWriter) throws(ConnectionError) -> FrameWriter.Writing {
    let open = try openSocket()
    defer { withExtendedLifetime(open) {} }
    return try writer.write(to: open.rawValue)
  }

  /// Lets the other end know that the rest of a message will not come.
  private func cut() {
    isCut.store(true, ordering: .relaxed)
    socket.current?.endSending()
  }
}
