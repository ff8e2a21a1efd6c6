internal import CSkein
internal import FoundationEssentials
internal import Glibc
internal import SkeinSync

/// The ring of a shared queue: items of any length, one behind the other, each with its length in front.
///
/// ```text
///        head ──────────────► tail          (both only grow; the place is what is left modulo the ring's length)
///  │    │ length │ bytes … │ length │ bytes … │      │
/// ```
///
/// All of it is changed under a robust mutex. An item is there from the moment that the tail has moved behind it, and until
/// the head has: these are the last steps of putting and of taking it. So whoever dies before has put nothing, or taken
/// nothing; only the number of items may be wrong then, and is counted anew by the next one who has the mutex.
struct SharedRing: Sendable {
  enum Attempt: Sendable {
    case done
    case isFull
    case isClosed
  }

  let region: SharedRegion

  static let headerBytes = 8

  /// Changes when there is something to take, or the end.
  var itemsCame: SharedChanges { SharedChanges(region: region, offset: 0) }
  /// Changes when there is room, or the end.
  var roomCame: SharedChanges { SharedChanges(region: region, offset: 8) }

  private func word(_ offset: Int) -> UnsafeMutableRawPointer { region.address + SharedLayout.words + offset }
  private var headWord: UnsafeMutableRawPointer { word(16) }
  private var tailWord: UnsafeMutableRawPointer { word(24) }
  private var countWord: UnsafeMutableRawPointer { word(32) }
  private var closedWord: UnsafeMutableRawPointer { word(40) }
  private var capacityWord: UnsafeMutableRawPointer { word(48) }
  private var mutex: UnsafeMutableRawPointer { word(64) }
  private var ring: UnsafeMutableRawPointer { region.address + SharedLayout.elements }

  /// The ring's length in bytes, a multiple of eight.
  var byteCapacity: Int { region.layout.count }
  var itemCapacity: Int { Int(skein_load_u64(capacityWord)) }
  var count: Int { Int(skein_load_u64(countWord)) }
  var isClosed: Bool { skein_load_u32(closedWord) != 0 }

  /// Whether there is something to take at this instant, as far as can be seen without the mutex.
  var seemsEmpty: Bool { skein_load_u64(headWord) == skein_load_u64(tailWord) }
  /// Whether there is no room for an item at this instant, as far as can be seen without the mutex.
  var seemsFull: Bool { count >= itemCapacity }

  func prepare(itemCapacity: Int) throws(SharedMemoryError) {
    skein_store_u64(capacityWord, UInt64(itemCapacity))
    let failure = skein_shared_mutex_make(mutex)
    guard failure == 0 else { throw .system(-failure) }
  }

  /// How many bytes of the ring an item takes.
  static func space(for bytes: Int) -> Int { headerBytes + (bytes + 7) / 8 * 8 }

  // MARK: Steps

  /// Puts an item, if there is room.
  func put(_ item: Data) throws(SharedMemoryError) -> Attempt {
    try update { () throws(SharedMemoryError) -> Attempt in
      if isClosed { return .isClosed }
      let (head, tail) = (skein_load_u64(headWord), skein_load_u64(tailWord))
      let space = Self.space(for: item.count)
      guard count < itemCapacity, Int(tail - head) + space <= byteCapacity else { return .isFull }
      var length = UInt64(item.count)
      withUnsafeBytes(of: &length) { copy($0, to: tail) }
      item.withUnsafeBytes { copy($0, to: tail + UInt64(Self.headerBytes)) }
      skein_store_u64(countWord, UInt64(count + 1))
      skein_store_u64(tailWord, tail + UInt64(space))
      return .done
    }
  }

  /// Takes the oldest item; `nil` when there is none.
  func take() throws(SharedMemoryError) -> Data? {
    try update { () throws(SharedMemoryError) -> Data? in
      let (head, tail) = (skein_load_u64(headWord), skein_load_u64(tailWord))
      guard head != tail else { return nil }
      let length = try length(at: head, before: tail)
      let item = copyOut(length, from: head + UInt64(Self.headerBytes))
      skein_store_u64(countWord, UInt64(count - 1))
      skein_store_u64(headWord, head + UInt64(Self.space(for: length)))
      return item
    }
  }

  func close() throws(SharedMemoryError) { try update { _ = skein_exchange_u32(closedWord, 1) } }

  private func update<Result>(
    _ body: () throws(SharedMemoryError) -> Result
  ) throws(SharedMemoryError) -> Result {
    let result = skein_shared_mutex_lock(mutex, -1)
    guard result >= 0 else { throw .system(-result) }
    defer { _ = skein_shared_mutex_unlock(mutex) }
    // The last owner died with it.
    if result == 1 { try recount() }
    return try body()
  }

  private func recount() throws(SharedMemoryError) {
    let tail = skein_load_u64(tailWord)
    var (place, found) = (skein_load_u64(headWord), UInt64(0))
    while place != tail {
      place += UInt64(Self.space(for: try length(at: place, before: tail)))
      found += 1
    }
    skein_store_u64(countWord, found)
  }

  // MARK: Bytes

  /// Items begin at multiples of eight, so that a length is never parted.
  private func length(at place: UInt64, before tail: UInt64) throws(SharedMemoryError) -> Int {
    let length = ring.load(fromByteOffset: Int(place % UInt64(byteCapacity)), as: UInt64.self)
    guard tail >= place, let length = Int(exactly: length), length <= byteCapacity,
      Self.space(for: length) <= Int(tail - place)
    else { throw .damaged("an item of a queue has an impossible length") }
    return length
  }

  private func copy(_ bytes: UnsafeRawBufferPointer, to place: UInt64) {
    let start = Int(place % UInt64(byteCapacity))
    let first = min(bytes.count, byteCapacity - start)
    (ring + start).copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(ring), byteCount: first)
    guard first < bytes.count else { return }
    ring.copyMemory(from: bytes.baseAddress! + first, byteCount: bytes.count - first)
  }

  private func copyOut(_ count: Int, from place: UInt64) -> Data {
    let start = Int(place % UInt64(byteCapacity))
    let first = min(count, byteCapacity - start)
    var item = Data(capacity: count)
    item.append(UnsafeRawBufferPointer(start: ring + start, count: first).assumingMemoryBound(to: UInt8.self))
    if first < count {
      item.append(
        UnsafeRawBufferPointer(start: ring, count: count - first).assumingMemoryBound(to: UInt8.self))
    }
    return item
  }
}
