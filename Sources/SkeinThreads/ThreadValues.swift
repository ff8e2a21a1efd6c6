internal import CSkein
internal import SkeinSync

/// Which place a variable has in every thread's values, and which of its users in turn it is.
struct ThreadSlot: Sendable {
  let index: Int
  let generation: UInt64
}

/// The places that are in use.
enum ThreadSlots {
  private struct State {
    var free: [Int] = []
    var count = 0
    var generation: UInt64 = 0
  }

  private static let state = Lock(State(), internalTo: "ThreadSlots")

  static func take() -> ThreadSlot {
    state.withLock { state in
      state.generation += 1
      let index = state.free.popLast() ?? state.count
      state.count = max(state.count, index + 1)
      return ThreadSlot(index: index, generation: state.generation)
    }
  }

  static func giveBack(_ slot: ThreadSlot) { state.withLock { $0.free.append(slot.index) } }
}

/// All values of one thread. Only that thread touches it.
final class ThreadValues {
  private struct Entry {
    var generation: UInt64 = 0
    var box: AnyObject?
    var isBeingMade = false
  }

  private var entries: [Entry] = []

  static var current: ThreadValues? {
    skein_get_thread_values().map { Unmanaged<ThreadValues>.fromOpaque($0).takeUnretainedValue() }
  }

  static var currentOrNew: ThreadValues {
    if let current { return current }
    let new = ThreadValues()
    skein_set_thread_values(Unmanaged.passRetained(new).toOpaque()) { values in
      Unmanaged<ThreadValues>.fromOpaque(values!).release()
    }
    return new
  }

  /// Destroys the calling thread's values, those too that come into being meanwhile, as far as that ends.
  static func destroyAll() {
    for _ in 0..<4 {
      guard let values = skein_get_thread_values() else { return }
      skein_set_thread_values(nil, nil)
      Unmanaged<ThreadValues>.fromOpaque(values).release()
    }
    // What still makes new ones would never end. It is left: a thread that is joined runs no more code.
    skein_set_thread_values(nil, nil)
  }

  subscript(slot: ThreadSlot) -> AnyObject? {
    get { isFor(slot) ? entries[slot.index].box : nil }
    set { replace(slot, Entry(generation: slot.generation, box: newValue)) }
  }

  /// Has a request for the value that is about to be made trap: it would never end.
  func noteMaking(_ slot: ThreadSlot) {
    let isBeingMade = isFor(slot) && entries[slot.index].isBeingMade
    checkContract(!isBeingMade, "the initial value of a thread-local variable asks for the variable itself")
    replace(slot, Entry(generation: slot.generation, isBeingMade: true))
  }

  private func isFor(_ slot: ThreadSlot) -> Bool {
    slot.index < entries.count && entries[slot.index].generation == slot.generation
  }

  private func replace(_ slot: ThreadSlot, _ entry: Entry) {
    while entries.count <= slot.index { entries.append(Entry()) }
    // Destroyed when the entry is whole: it may ask for values itself.
    let old = entries[slot.index].box
    entries[slot.index] = entry
    withExtendedLifetime(old) {}
  }

  func remove(_ slot: ThreadSlot) {
    if self[slot] != nil { self[slot] = nil }
  }
}
