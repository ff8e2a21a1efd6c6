/// The fair queue that every waitable primitive keeps, guarded by that primitive's lock.
///
/// First in, first out. A place is taken out of the middle in O(1), which is what a cancellation or a timeout
/// does.
///
/// - Source: the parking lot of trio, as the one queue under all primitives.
package struct WaitQueue<Request>: ~Copyable {
  /// One waiter's place in one queue, with what it asks for.
  package final class Place: @unchecked Sendable {
    // Sendable because the links are touched only under the lock of the queue that the place is in.
    package let waiter: Waiter
    package let request: Request
    fileprivate(set) var isQueued = false
    fileprivate var next: Place?
    fileprivate unowned(unsafe) var previous: Place?

    package init(waiter: Waiter, request: Request) {
      self.waiter = waiter
      self.request = request
    }
  }

  package private(set) var first: Place?
  private var last: Place?
  package private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { first == nil }

  package mutating func append(_ place: Place) {
    place.previous = last
    if let last { last.next = place } else { first = place }
    last = place
    place.isQueued = true
    count += 1
  }

  /// Takes a place out, wherever it stands. Returns whether it was still in the queue.
  package mutating func remove(_ place: Place) -> Bool {
    guard place.isQueued else { return false }
    if let previous = place.previous { previous.next = place.next } else { first = place.next }
    if let next = place.next { next.previous = place.previous } else { last = place.previous }
    place.next = nil
    place.previous = nil
    place.isQueued = false
    count -= 1
    return true
  }

  /// Takes out the first place and claims its waiter with `outcome`; a waiter that was claimed elsewhere is
  /// passed over.
  ///
  /// Returns the place that was claimed, already in `wakes`; `nil` once the queue is empty.
  package mutating func claimFirst(as outcome: Waiter.Outcome, _ wakes: inout WakeList) -> Place? {
    while let place = first {
      _ = remove(place)
      guard place.waiter.claim(outcome) else { continue }
      wakes.append(place.waiter)
      return place
    }
    return nil
  }

  /// Ends every wait with `outcome`.
  package mutating func claimAll(as outcome: Waiter.Outcome, _ wakes: inout WakeList) {
    while claimFirst(as: outcome, &wakes) != nil {}
  }

  /// Ends, in order, the waits whose request satisfies `condition`, wherever they stand.
  package mutating func claimAll(
    as outcome: Waiter.Outcome, where condition: (Request) -> Bool, _ wakes: inout WakeList
  ) {
    var next = first
    while let place = next {
      next = place.next
      guard condition(place.request), remove(place) else { continue }
      if place.waiter.claim(outcome) { wakes.append(place.waiter) }
    }
  }
}
