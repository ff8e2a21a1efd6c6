public import NIOCore
public import SkeinSync

/// One end of a stream within this process: for tests of what speaks over a ``ByteStream``, with what may go wrong on a
/// network.
///
/// ```swift
/// let (client, server) = MemoryByteStream.makePair(faults: .fragmented(1...3))
/// try await ByteWriter(client).write("hello\n")
/// print(try await ByteReader(server).readLine()!)
/// ```
public final class MemoryByteStream: ByteStream {
  private let inbound: MemoryPipe
  private let outbound: MemoryPipe

  private init(_ inbound: MemoryPipe, _ outbound: MemoryPipe) {
    self.inbound = inbound
    self.outbound = outbound
  }

  /// Makes a stream with its two ends.
  ///
  /// - Parameters:
  ///   - capacity: how many bytes may be on their way in each direction; who writes more waits.
  ///   - faults: what goes wrong, in each direction for itself.
  ///   - clock: what measures delays.
  /// - Precondition: `capacity` and fragments are positive.
  public static func makePair<C: DeadlineClock>(
    capacity: Int = 1 << 16, faults: StreamFaults = StreamFaults(), clock: C = MonotonicClock()
  ) -> (MemoryByteStream, MemoryByteStream) {
    precondition(
      capacity > 0 && faults.fragments?.lowerBound ?? 1 > 0, "a stream carries a byte at the least")
    let deliver: MemoryPipe.Delivery = { delay, body in
      _ = clock.schedule(at: clock.now.advanced(by: delay), body)
    }
    let there = MemoryPipe(capacity: capacity, faults, deliver)
    let here = MemoryPipe(capacity: capacity, faults, deliver)
    return (MemoryByteStream(here, there), MemoryByteStream(there, here))
  }

  /// Takes what has come, and suspends the task while that is nothing; as ``ByteStream/read(atMost:until:clock:)``.
  public func read<C: DeadlineClock>(
    atMost count: Int, until deadline: C.Instant?, clock: C
  ) async throws -> ByteBuffer? {
    while true {
      if let outcome = try inbound.take(atMost: count) { return outcome.bytes }
      try await inbound.readable.wait(until: deadline, clock)
    }
  }

  /// Sends bytes once there is room; as ``ByteStream/write(_:until:clock:)``.
  public func write<C: DeadlineClock>(
    _ bytes: ByteBuffer, until deadline: C.Instant?, clock: C
  ) async throws {
    while try !outbound.put(bytes) { try await outbound.writable.wait(until: deadline, clock) }
  }

  /// Ends the sending; the other side reads what was sent, and then the end.
  public func endWriting() async throws { try outbound.end() }

  /// Ends both ways: the other side reads what was sent, and then the end; what it writes is a ``StreamError/reset``.
  public func close() {
    inbound.stopReading()
    outbound.stopWriting()
  }
}

/// One direction of a stream in memory.
///
/// - Invariant: what was put is on its way, or there, or lost by a fault, in the order of putting.
final class MemoryPipe: Sendable {
  typealias Delivery = @Sendable (Duration, @escaping @Sendable () -> Void) -> Void

  /// What a read gives: bytes, or the end.
  struct Outcome { var bytes: ByteBuffer? }

  private enum End: Sendable {
    case ended, reset
  }

  private struct State: Sendable {
    var generator: any RandomNumberGenerator & Sendable
    /// Not yet there.
    var underWay: [ByteBuffer?] = []
    var there = ByteBuffer()
    /// How many bytes are under way or there.
    var held = 0
    var sent = 0
    var end: End?
    var isReaderClosed = false
    var isWriterClosed = false
    var hasEndedWriting = false

    /// How long the next piece is on its way.
    mutating func delay(in range: ClosedRange<Duration>?) -> Duration {
      guard let range else { return .zero }
      return range.lowerBound
        + (range.upperBound - range.lowerBound) * Double.random(in: 0...1, using: &generator)
    }
  }

  let readable = Event(name: "bytes to read")
  let writable = Event(name: "room to write")
  private let capacity: Int
  private let faults: StreamFaults
  private let deliver: Delivery
  private let state: Lock<State>

  init(capacity: Int, _ faults: StreamFaults, _ deliver: @escaping Delivery) {
    self.capacity = capacity
    self.faults = faults
    self.deliver = deliver
    state = Lock(State(generator: faults.generator), internalTo: "MemoryPipe")
  }

  // MARK: Reading

  /// Takes what is there; `nil` when that is nothing yet.
  func take(atMost count: Int) throws(StreamError) -> Outcome? {
    let result = state.withLock { state -> Result<Outcome?, StreamError> in
      if state.isReaderClosed { return .failure(.closed) }
      if state.end == .reset { return .failure(.reset) }
      if state.there.readableBytes > 0 {
        let bytes = state.there.readSlice(length: min(count, state.there.readableBytes))!
        state.held -= bytes.readableBytes
        return .success(Outcome(bytes: bytes))
      }
      if state.end == .ended { return .success(Outcome(bytes: nil)) }
      readable.reset()
      return .success(nil)
    }
    writable.set()
    return try result.get()
  }

  func stopReading() {
    state.withLock { $0.isReaderClosed = true }
    readable.set()
    writable.set()
  }

  // MARK: Writing

  /// Puts bytes, if there is room.
  ///
  /// - Returns: whether there was.
  func put(_ bytes: ByteBuffer) throws(StreamError) -> Bool {
    var pieces: [(ByteBuffer, Duration)] = []
    let outcome = try state.withLock { state -> Result<Putting, StreamError> in
      if state.isWriterClosed || state.hasEndedWriting { return .failure(.closed) }
      if state.isReaderClosed || state.end == .reset { return .failure(.reset) }
      guard state.held < capacity else {
        writable.reset()
        return .success(.isFull)
      }
      var bytes = bytes
      while bytes.readableBytes > 0 {
        let most = bytes.readableBytes
        let size = faults.fragments.map { min(most, Int.random(in: $0, using: &state.generator)) } ?? most
        let piece = bytes.readSlice(length: size)!
        state.sent += size
        if let limit = faults.resetsAfter, state.sent > limit { return .success(.isReset) }
        if let limit = faults.stallsAfter, state.sent > limit { continue }
        state.held += size
        pieces.append((piece, state.delay(in: faults.delay)))
      }
      return .success(.done)
    }.get()
    for (piece, delay) in pieces { send(piece, delay) }
    guard outcome == .isReset else { return outcome == .done }
    breakOff()
    throw .reset
  }

  private enum Putting {
    case done, isFull, isReset
  }

  func end() throws(StreamError) {
    let result = state.withLock { state -> Result<Duration, StreamError> in
      if state.isWriterClosed { return .failure(.closed) }
      if state.end == .reset { return .failure(.reset) }
      state.hasEndedWriting = true
      return .success(state.delay(in: faults.delay))
    }
    send(nil, try result.get())
  }

  func stopWriting() {
    let delay = state.withLock { state -> Duration? in
      state.isWriterClosed = true
      guard !state.hasEndedWriting else { return nil }
      state.hasEndedWriting = true
      return state.delay(in: faults.delay)
    }
    if let delay { send(nil, delay) }
    writable.set()
  }

  private func breakOff() {
    state.withLock { $0.end = .reset }
    readable.set()
    writable.set()
  }

  /// Has a piece, or the end, arrive after a while; behind all that is under way.
  private func send(_ piece: ByteBuffer?, _ delay: Duration) {
    state.withLock { $0.underWay.append(piece) }
    if delay == .zero { arrive() } else { deliver(delay) { [self] in arrive() } }
  }

  /// The oldest of what is under way is there.
  private func arrive() {
    state.withLock { state in
      guard !state.underWay.isEmpty else { return }
      if var piece = state.underWay.removeFirst() {
        if state.there.readableBytes == 0 { state.there.clear() }
        state.there.writeBuffer(&piece)
      } else if state.end == nil, faults.stallsAfter.map({ state.sent <= $0 }) ?? true {
        state.end = .ended
      }
    }
    readable.set()
  }
}

extension Event {
  /// Waits, with a deadline if there is one.
  func wait<C: DeadlineClock>(until deadline: C.Instant?, _ clock: C) async throws(WaitError) {
    if let deadline {
      try await wait(until: deadline, clock: clock)
    } else {
      try await wait()
    }
  }
}
