/// The fair queue that every waitable primitive keeps, guarded by that primitive's lock.
///
/// First in, first out. A place is taken out of the middle in O(1), which is what a cancellation or a timeout
/// does.
///
/// - Source: the parking lot of trio, as the one queue under all primitives.
@usableFromInline
package struct WaitQueue<Request: Sendable>: ~Copyable, Sendable {
  /// One waiter's place in one queue, with what it asks for.
  @usableFromInline
  package final class Place: Waiter, @unchecked Sendable {
    // Sendable because the links and the request are touched only under the lock of the queue that the place
    // is in, or by the waiter itself before it enters and after it was claimed. For the same reason no access
    // to them can overlap another one, and the runtime need not look for that each time.

    /// The waiter that stands in several queues at once, when this place is only one of its places.
    @usableFromInline let shared: Waiter?
    /// Which of that waiter's places this is.
    @usableFromInline let index: UInt32
    @usableFromInline package let asker: Asker
    /// What is asked for; who grants it may leave in it what is handed over.
    @exclusivity(unchecked) @usableFromInline package var request: Request
    @exclusivity(unchecked) @usableFromInline var isQueued = false
    @exclusivity(unchecked) @usableFromInline package internal(set) var next: Place?
    @exclusivity(unchecked) @usableFromInline unowned(unsafe) var previous: Place?

    /// Makes a place.
    ///
    /// - Parameters:
    ///   - waiter: who stands in several queues at once; else the place is the waiter.
    ///   - index: which of that waiter's places this is.
    @inlinable
    package init(waiter: Waiter? = nil, index: UInt32 = 0, asker: Asker, request: Request) {
      shared = waiter
      self.index = index
      self.asker = asker
      self.request = request
    }

    @inlinable
    package var waiter: Waiter { shared ?? self }

    /// Decides the outcome of the wait at this place, unless it is decided.
    @inlinable
    package func claim(_ outcome: Waiter.Outcome) -> Bool { waiter.claim(outcome, index: index) }
  }

  @usableFromInline package var first: Place?
  @usableFromInline var last: Place?
  @usableFromInline package var count = 0

  @inlinable
  package init() {}

  @inlinable
  package var isEmpty: Bool { first == nil }

  @inlinable
  package mutating func append(_ place: Place) {
    place.previous = last
    if let last { last.next = place } else { first = place }
    last = place
    place.isQueued = true
    count += 1
  }

  /// Moves the last place up, before the first one whose request is one that comes later.
  package mutating func moveForward(_ place: Place, before comesLater: (Request) -> Bool) {
    var next = first
    while let here = next, here !== place, !comesLater(here.request) { next = here.next }
    guard let next, next !== place, remove(place) else { return }
    place.previous = next.previous
    place.next = next
    if let previous = next.previous { previous.next = place } else { first = place }
    next.previous = place
    place.isQueued = true
    count += 1
  }

  /// Takes a place out, wherever it stands. Returns whether it was still in the queue.
  @inlinable
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
  @inlinable
  package mutating func claimFirst(as outcome: Waiter.Outcome, _ wakes: inout WakeList) -> Place? {
    while let place = first {
      _ = remove(place)
      guard place.claim(outcome) else { continue }
      wakes.append(place.waiter)
      return place
    }
    return nil
  }

  /// Ends every wait with `outcome`.
  @inlinable
  package mutating func claimAll(as outcome: Waiter.Outcome, _ wakes: inout WakeList) {
    while claimFirst(as: outcome, &wakes) != nil {}
  }

  /// Ends, in order, the waits whose request satisfies `condition`, wherever they stand.
  @inlinable
  package mutating func claimAll(
    as outcome: Waiter.Outcome, where condition: (Request) -> Bool, _ wakes: inout WakeList
  ) {
    var next = first
    while let place = next {
      next = place.next
      guard condition(place.request), remove(place) else { continue }
      if place.claim(outcome) { wakes.append(place.waiter) }
    }
  }

  /// The first place, in order, whose request satisfies `condition`.
  ///
  /// - Complexity: O(1) when the first one does, else O(waiters).
  @inlinable
  package func first(where condition: (Request) -> Bool) -> Place? {
    var next = first
    while let place = next, !condition(place.request) { next = place.next }
    return next
  }
}
