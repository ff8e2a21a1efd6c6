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
    let start = clock.now
    let time = MemoryPipe.Time(
      now: { start.duration(to: clock.now) },
      schedule: { time, body in _ = clock.schedule(at: start.advanced(by: time), body) })
    let there = MemoryPipe(capacity: capacity, faults, time)
    let here = MemoryPipe(capacity: capacity, faults, time)
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
  /// A clock, whose instants are told by the time since the stream was made.
  struct Time: Sendable {
    let now: @Sendable () -> Duration
    let schedule: @Sendable (_ time: Duration, _ body: @escaping @Sendable () -> Void) -> Void
  }

  /// What a read gives: bytes, or the end.
  struct Outcome { var bytes: ByteBuffer? }

  private enum End: Sendable {
    case ended, reset
  }

  private struct State: Sendable {
    var generator: any RandomNumberGenerator & Sendable
    /// Not yet there; `nil` is the end.
    var underWay: [ByteBuffer?] = []
    /// When the last of these arrives.
    var lastArrival = Duration.zero
    var there = ByteBuffer()
    /// How many bytes are under way or there.
    var held = 0
    var sent = 0
    var end: End?
    var isReaderClosed = false
    var isWriterClosed = false
    var hasEndedWriting = false

    /// Puts a piece, or the end, behind all that is under way.
    ///
    /// - Returns: when it arrives: not before what was put earlier.
    mutating func send(_ piece: ByteBuffer?, _ delays: ClosedRange<Duration>?, at now: Duration) -> Duration {
      underWay.append(piece)
      var delay = Duration.zero
      if let delays {
        let share = Double.random(in: 0...1, using: &generator)
        delay = delays.lowerBound + (delays.upperBound - delays.lowerBound) * share
      }
      lastArrival = max(lastArrival, now + delay)
      return lastArrival
    }
  }

  let readable = Event(name: "bytes to read")
  let writable = Event(name: "room to write")
  private let capacity: Int
  private let faults: StreamFaults
  private let time: Time
  private let state: Lock<State>

  init(capacity: Int, _ faults: StreamFaults, _ time: Time) {
    self.capacity = capacity
    self.faults = faults
    self.time = time
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
    var arrivals: [Duration] = []
    let now = time.now()
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
        arrivals.append(state.send(piece, faults.delay, at: now))
      }
      return .success(.done)
    }.get()
    for arrival in arrivals { expect(arrival, from: now) }
    guard outcome == .isReset else { return outcome == .done }
    breakOff()
    throw .reset
  }

  private enum Putting {
    case done, isFull, isReset
  }

  /// Ends the writing; once it has ended, that changes nothing.
  func end() throws(StreamError) {
    let refusal = state.withLock { state -> StreamError? in
      state.isWriterClosed ? .closed : state.end == .reset ? .reset : nil
    }
    if let refusal { throw refusal }
    sendEnd()
  }

  func stopWriting() {
    state.withLock { $0.isWriterClosed = true }
    sendEnd()
    writable.set()
  }

  private func sendEnd() {
    let now = time.now()
    let arrival = state.withLock { state -> Duration? in
      guard !state.hasEndedWriting else { return nil }
      state.hasEndedWriting = true
      return state.send(nil, faults.delay, at: now)
    }
    if let arrival { expect(arrival, from: now) }
  }

  private func breakOff() {
    state.withLock { $0.end = .reset }
    readable.set()
    writable.set()
  }

  /// Has the oldest of what is under way arrive at its time.
  private func expect(_ arrival: Duration, from now: Duration) {
    if arrival <= now { arrive() } else { time.schedule(arrival) { [self] in arrive() } }
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
