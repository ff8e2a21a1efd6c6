internal import CSkein
internal import FoundationEssentials
internal import SkeinSync
internal import SkeinWork

/// A queue between the threads and tasks of several processes, which holds so many items and no more.
///
/// ```swift
/// let pages = try SharedQueue<Page>(capacity: 100)
/// let child = try ChildProcess.start(Index(pages: pages))
/// for page in book { try await pages.put(page) }
/// pages.close()
/// ```
///
/// Any number of processes may put and take. Items are taken in the order in which they were put, each by one; who waits
/// is served in no order. A process that dies while it puts an item has put none; what it had not taken is there for the
/// others.
///
/// Items are encoded as MessagePack, and `Data` is taken as it is: connections and shared objects can not be a part of one.
///
/// - Invariant: an item that was put is taken once, unless the process that took it has died since.
/// - Source: behaviour after CPython's `multiprocessing.Queue`, without its thread.
public final class SharedQueue<Element: Codable & Sendable>: Sendable, Codable {
  private let ring: SharedRing

  /// Makes a queue.
  ///
  /// - Parameters:
  ///   - capacity: how many items it holds at the most.
  ///   - byteCapacity: how many bytes they have together at the most, with eight and up to seven more for each; by default a
  ///     mebibyte. The memory is taken at once.
  /// - Throws: ``SharedMemoryError`` when a number is not positive, or the system has no memory or no descriptor left.
  public init(capacity: Int, byteCapacity: Int = 1 << 20) throws(SharedMemoryError) {
    guard capacity > 0 else { throw .invalidCount(capacity) }
    guard byteCapacity > 0 else { throw .invalidCount(byteCapacity) }
    guard byteCapacity <= Int.max - 7 else { throw .tooLarge }
    let layout = SharedLayout(kind: .queue, count: (byteCapacity + 7) / 8 * 8)
    let region = try SharedRegion.make(layout) { region throws(SharedMemoryError) in
      try SharedRing(region: region).prepare(itemCapacity: capacity)
    }
    ring = SharedRing(region: region)
  }

  /// How many items are in it at this instant.
  public var count: Int { ring.count }
  /// How many items it holds at the most.
  public var capacity: Int { ring.itemCapacity }
  /// Whether nothing can be put any more.
  public var isClosed: Bool { ring.isClosed }

  /// How many threads and tasks of all processes wait for an item, and for room; those of processes that died while they
  /// waited are counted too.
  package var gettingCount: Int { ring.itemsCame.waiterCount }
  package var puttingCount: Int { ring.roomCame.waiterCount }

  /// Takes nothing any more: who puts gets `WaitError.closed`, and who takes does once the queue is empty.
  public func close() {
    // It can not fail but for a damaged ring, of which whoever puts or takes is told.
    try? ring.close()
    ring.itemsCame.wakeAll()
    ring.roomCame.wakeAll()
  }

  // MARK: Putting

  /// Puts an item if there is room at this instant. Never waits but for others that put or take.
  ///
  /// - Returns: whether there was.
  /// - Throws: `EncodingError`; ``SharedQueueError/tooLarge(bytes:limit:)``; `WaitError.closed`.
  public func tryPut(_ element: Element) throws -> Bool { try attempt(encoded(element)) ?? false }

  /// Puts an item; suspends the task while there is no room.
  ///
  /// - Throws: `EncodingError`; ``SharedQueueError/tooLarge(bytes:limit:)``; `WaitError.closed`, `WaitError.cancelled`.
  /// - Cancellation: the item was not put.
  public func put(_ element: Element) async throws {
    let item = try encoded(element)
    if try attempt(item) != nil { return }
    let outcome = try await ring.roomCame.wait(until: nil as MonotonicClock.Instant?, clock: MonotonicClock())
    {
      self.outcome { try self.attempt(item) }
    }
    _ = try outcome.get()
  }

  /// Puts an item; blocks the thread while there is no room, or until `timeout` has passed.
  ///
  /// - Parameters:
  ///   - element: the item.
  ///   - timeout: how long to wait at the longest; `nil` is without limit.
  /// - Throws: `EncodingError`; ``SharedQueueError/tooLarge(bytes:limit:)``; `WaitError.closed`, `WaitError.timedOut`.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func put(_ element: Element, timeout: Duration? = nil) throws {
    let item = try encoded(element)
    if try attempt(item) != nil { return }
    Self.spin { ring.seemsFull }
    guard try ring.roomCame.wait(until: Self.deadline(timeout), { try attempt(item) }) != nil else {
      throw WaitError.timedOut
    }
  }

  private func encoded(_ element: Element) throws -> Data {
    // Bytes need no form: each item has its length.
    let item = try element as? Data ?? messageCodec.encode(element)
    let limit = ring.byteCapacity - SharedRing.headerBytes
    guard SharedRing.space(for: item.count) <= ring.byteCapacity else {
      throw SharedQueueError.tooLarge(bytes: item.count, limit: limit)
    }
    return item
  }

  /// Puts an item, if there is room; `nil` when there is none.
  private func attempt(_ item: Data) throws -> Bool? {
    switch try ring.put(item) {
    case .done:
      ring.itemsCame.announce()
      return true
    case .isFull: return nil
    case .isClosed: throw WaitError.closed
    }
  }

  // MARK: Taking

  /// Takes the oldest item if there is one at this instant; `nil` when there is none. Never waits but for others that put
  /// or take.
  ///
  /// - Throws: `DecodingError`, and the item is lost then; `WaitError.closed` when there will never be one.
  public func tryGet() throws -> Element? { try take().map(decoded) }

  /// Takes the oldest item; suspends the task while there is none.
  ///
  /// - Throws: `DecodingError`, and the item is lost then; `WaitError.closed` when there will never be one;
  ///   `WaitError.cancelled`.
  /// - Cancellation: nothing was taken.
  public func get() async throws -> Element {
    if let item = try take() { return try decoded(item) }
    let outcome = try await ring.itemsCame.wait(
      until: nil as MonotonicClock.Instant?, clock: MonotonicClock()
    ) {
      self.outcome { try self.take() }
    }
    return try decoded(try outcome.get())
  }

  /// Takes the oldest item; blocks the thread while there is none, or until `timeout` has passed.
  ///
  /// - Parameter timeout: how long to wait at the longest; `nil` is without limit.
  /// - Throws: `DecodingError`, and the item is lost then; `WaitError.closed` when there will never be one;
  ///   `WaitError.timedOut`.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  public func get(timeout: Duration? = nil) throws -> Element {
    if let item = try take() { return try decoded(item) }
    Self.spin { ring.seemsEmpty }
    guard let item = try ring.itemsCame.wait(until: Self.deadline(timeout), { try take() }) else {
      throw WaitError.timedOut
    }
    return try decoded(item)
  }

  private func take() throws -> Data? {
    // Asked first: what is put before the end is seen after it.
    let isClosed = ring.isClosed
    if let item = try ring.take() {
      ring.roomCame.announce()
      return item
    }
    if isClosed { throw WaitError.closed }
    return nil
  }

  private func decoded(_ item: Data) throws -> Element {
    Element.self == Data.self ? item as! Element : try messageCodec.decode(Element.self, owning: item)
  }

  /// An attempt as a value: the wait itself does not throw what the attempt does.
  private func outcome<Value>(_ attempt: () throws -> Value?) -> Result<Value, any Error>? {
    do { return try attempt().map { .success($0) } } catch { return .failure(error) }
  }

  /// Looks for a few microseconds whether others are about to make the wait needless.
  @available(*, noasync)
  private static func spin(while isNeeded: () -> Bool) {
    guard SpinBudget.isOfUse else { return }
    var rounds = 200
    while rounds > 0, isNeeded() {
      for _ in 0..<16 { skein_spin_hint() }
      rounds -= 1
    }
  }

  private static func deadline(_ timeout: Duration?) -> Int64 {
    timeout.map { MonotonicClock().now.advanced(by: max(.zero, $0)).nanoseconds } ?? -1
  }

  // MARK: Messages

  /// Takes the queue that came with a message.
  ///
  /// - Throws: ``SharedMemoryError`` when something else came.
  public init(from decoder: any Decoder) throws {
    ring = SharedRing(region: try .decode(from: decoder, as: .queue))
  }

  /// Puts the queue beside the message that is being encoded.
  public func encode(to encoder: any Encoder) throws { try ring.region.encode(to: encoder) }
}

/// Why an item can not be put into a shared queue.
public enum SharedQueueError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It is longer than the whole queue, in bytes.
  case tooLarge(bytes: Int, limit: Int)

  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .tooLarge(let bytes, let limit):
      "an item of \(bytes) bytes does not fit into a shared queue of \(limit): give it more bytes (byteCapacity)"
    }
  }
}
