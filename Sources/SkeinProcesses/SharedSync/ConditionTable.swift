internal import CSkein

/// Who waits for a shared condition: a row each, with a word on which it sleeps.
///
/// A row is free (key 0), then bears the key of its process, then waits (state 1), then is notified (state 2). A waiter
/// enters, and a notifier chooses, with the lock of the condition; the state is exchanged atomically all the same, since a
/// waiter whose time is up and the sweep come without it. Who is chosen and gives up in the same instant learns of it by that
/// exchange, and counts as notified: no notification is lost. If its process died instead, the sweep passes it on.
struct ConditionTable: Sendable {
  let region: SharedRegion

  private static let (idle, waiting, notified): (UInt32, UInt32, UInt32) = (0, 1, 2)
  var capacity: Int { region.layout.count }

  private func key(_ row: Int) -> UnsafeMutableRawPointer {
    region.address + SharedLayout.elements + row * 32
  }
  func state(_ row: Int) -> UnsafeMutableRawPointer { key(row) + 8 }
  private func ticket(_ row: Int) -> UnsafeMutableRawPointer { key(row) + 16 }
  private var tickets: UnsafeMutableRawPointer { region.address + SharedLayout.words }

  var waiterCount: Int { waitingRows.count }
  private var waitingRows: [Int] { (0..<capacity).filter { skein_load_u32(state($0)) == Self.waiting } }

  /// Takes a row, with the lock; it waits from here on.
  func enter() throws(SharedMemoryError) -> Int {
    let mine = ProcessKey.current.word
    guard let row = (0..<capacity).first(where: { skein_replace_u64(key($0), 0, mine) }) else {
      throw .tableFull("the waiters of a shared condition", capacity: capacity)
    }
    skein_store_u64(ticket(row), skein_add_u64(tickets, 1))
    _ = skein_exchange_u32(state(row), Self.waiting)
    return row
  }

  func isNotified(_ row: Int) -> Bool { skein_load_u32(state(row)) != Self.waiting }

  /// Gives the row back; tells whether it was notified.
  func leave(_ row: Int) -> Bool {
    let last = skein_exchange_u32(state(row), Self.idle)
    skein_store_u64(key(row), 0)
    return last == Self.notified
  }

  /// Blocks the thread until the row is notified or the deadline has passed.
  @available(*, noasync)
  func sleep(_ row: Int, until deadline: Int64) {
    while !isNotified(row), deadline < 0 || skein_monotonic_nanoseconds() < deadline {
      _ = skein_futex_wait(state(row), Self.waiting, deadline, true)
    }
  }

  /// Notifies those who have waited longest.
  func notify(_ count: Int) {
    var left = count
    let rows = waitingRows.sorted { skein_load_u64(ticket($0)) < skein_load_u64(ticket($1)) }
    for row in rows where left > 0 {
      guard skein_replace_u32(state(row), Self.waiting, Self.notified) else { continue }
      _ = skein_futex_wake(state(row), .max, true)
      left -= 1
    }
  }

  /// Frees the rows of dead processes, passes on what they did not hear, and wakes whom they may not have woken.
  func sweep(_ isDead: (ProcessKey) -> Bool) {
    var unheard = 0
    for row in 0..<capacity {
      let holder = skein_load_u64(key(row))
      guard holder != 0 else { continue }
      if isDead(ProcessKey(word: holder)) {
        if leave(row) { unheard += 1 }
      } else {
        _ = skein_futex_wake(state(row), .max, true)
      }
    }
    notify(unheard)
  }
}
