public import CSkein

/// Runs `body` with two locks held.
///
/// Locks are taken in the order of their addresses, whatever the order in which they are named: calls that name
/// the same locks in different orders can not deadlock. That holds among such calls; a lock that is taken
/// *inside* of another one keeps its own order.
///
/// ```swift
/// withLocks(from, to) { from, to in
///   from -= amount
///   to += amount
/// }
/// ```
///
/// - Parameters:
///   - first: a lock.
///   - second: another lock.
///   - body: gets the states, in the order in which the locks are named. It must not wait for anything.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws; the locks are released then too.
/// - Precondition: the locks differ, and the calling thread holds none of them already.
/// - Complexity: O(1) uncontended.
@inlinable
public func withLocks<A: ~Copyable, B: ~Copyable, Result: ~Copyable, Failure: Error>(
  _ first: Lock<A>, _ second: Lock<B>,
  file: StaticString = #fileID, line: UInt = #line,
  _ body: (inout sending A, inout sending B) throws(Failure) -> sending Result
) throws(Failure) -> sending Result {
  if !tryAcquireAll([first.word, second.word]) {
    acquireInOrder([first, second], at: SourcePlace(file, line))
  }
  defer {
    second.leave()
    first.leave()
  }
  return try body(&first.state.pointee, &second.state.pointee)
}

/// Runs `body` with three locks held; as ``withLocks(_:_:file:line:_:)`` with two.
///
/// - Precondition: the locks differ, and the calling thread holds none of them already.
@inlinable
public func withLocks<A: ~Copyable, B: ~Copyable, C: ~Copyable, Result: ~Copyable, Failure: Error>(
  _ first: Lock<A>, _ second: Lock<B>, _ third: Lock<C>,
  file: StaticString = #fileID, line: UInt = #line,
  _ body: (inout sending A, inout sending B, inout sending C) throws(Failure) -> sending Result
) throws(Failure) -> sending Result {
  if !tryAcquireAll([first.word, second.word, third.word]) {
    acquireInOrder([first, second, third], at: SourcePlace(file, line))
  }
  defer {
    third.leave()
    second.leave()
    first.leave()
  }
  return try body(&first.state.pointee, &second.state.pointee, &third.state.pointee)
}

/// Runs `body` with four locks held; as ``withLocks(_:_:file:line:_:)`` with two.
///
/// - Precondition: the locks differ, and the calling thread holds none of them already.
@inlinable
public func withLocks<
  A: ~Copyable, B: ~Copyable, C: ~Copyable, D: ~Copyable, Result: ~Copyable, Failure: Error
>(
  _ first: Lock<A>, _ second: Lock<B>, _ third: Lock<C>, _ fourth: Lock<D>,
  file: StaticString = #fileID, line: UInt = #line,
  _ body: (inout sending A, inout sending B, inout sending C, inout sending D) throws(Failure)
    -> sending Result
) throws(Failure) -> sending Result {
  if !tryAcquireAll([first.word, second.word, third.word, fourth.word]) {
    acquireInOrder([first, second, third, fourth], at: SourcePlace(file, line))
  }
  defer {
    fourth.leave()
    third.leave()
    second.leave()
    first.leave()
  }
  return try body(
    &first.state.pointee, &second.state.pointee, &third.state.pointee, &fourth.state.pointee)
}

/// Takes all locks, if that needs no waiting: then no order can deadlock.
@inlinable
func tryAcquireAll<let count: Int>(_ words: InlineArray<count, OwnerWord>) -> Bool {
  if skein_observed() != 0 { return false }
  for index in words.indices where !words[index].tryAcquire() {
    for taken in 0..<index where !words[taken].tryRelease() { _ = words[taken].releaseContended() }
    return false
  }
  return true
}

/// Takes all locks, one after another, in the order of their addresses.
@usableFromInline
func acquireInOrder<let count: Int>(_ unordered: InlineArray<count, any GroupedLock>, at place: SourcePlace) {
  var locks = unordered
  for end in 1..<count {
    for index in stride(from: end, to: 0, by: -1) {
      let (left, right) = (locks[index - 1], locks[index])
      checkContract(left !== right, "\(left.title) is named twice: a thread can hold a lock only once")
      if left.address < right.address { break }
      locks.swapAt(index - 1, index)
    }
  }
  // Observers hear of all waits first: what is held already comes before each of these locks, and among them
  // there is no order that could be broken.
  for index in locks.indices { locks[index].announce(at: place) }
  for index in locks.indices { locks[index].takeAnnounced(at: place) }
}

/// A lock among several that are taken together.
@usableFromInline
protocol GroupedLock: AnyObject {
  var title: String { get }
  var address: UInt { get }
  func announce(at place: SourcePlace)
  func takeAnnounced(at place: SourcePlace)
}

extension Lock: GroupedLock where State: ~Copyable {
  @usableFromInline var title: String { "\(identity)" }
  @usableFromInline var address: UInt { UInt(bitPattern: ObjectIdentifier(self)) }
}
