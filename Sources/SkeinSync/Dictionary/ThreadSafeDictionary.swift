internal import Glibc

/// A dictionary that many threads and tasks use at once.
///
/// Keys are spread over several dictionaries, the shards, each under a lock of its own, so that users of
/// different keys seldom meet. Each operation is atomic; those on the whole, such as ``count`` and
/// ``snapshot()``, hold all shards at once, and see and make one consistent change.
///
/// A change in place is atomic too: `hits[page, default: 0] += 1` reads, adds and writes under the lock. What
/// is read first and written by another statement is not; that is what ``update(_:_:)`` is for.
///
/// ```swift
/// let hits = ThreadSafeDictionary<String, Int>()
/// hits["/", default: 0] += 1
/// let session = sessions.value(forKey: id, orInsert: { Session(id) })
/// ```
///
/// A shard's lock is held for a few instructions, never across `await`: do not pass a value in place to an
/// `async` function. Closures that are passed in run under the lock, a default value for a change in place and
/// the end of a value that such a change replaces as well: one that uses the dictionary again may meet the same
/// shard, which traps, or wait for a thread that waits for this one.
///
/// - Invariant: a key is in no other shard than the one its hash names.
public final class ThreadSafeDictionary<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// What owns the shards; each is used through its handle.
  private let locks: [Lock<[Key: Value]>]
  @usableFromInline let shards: [Shard]
  @usableFromInline let mask: Int

  /// The name that traps and diagnosis show.
  public let name: String?

  /// Creates a dictionary.
  ///
  /// - Parameters:
  ///   - contents: what it holds at first.
  ///   - shards: over how many locks the keys are spread, a power of two up to 65,536; by default about four
  ///     for each processor, so that threads that run at once seldom meet.
  ///   - name: what traps and diagnosis call it.
  /// - Precondition: `shards` is a power of two from 1 to 65,536.
  /// - Complexity: O(n + shards).
  public init(
    _ contents: [Key: Value] = [:], shards: Int? = nil, name: String? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    let place = SourcePlace(file, line)
    let identity = ObjectIdentity("ThreadSafeDictionary", name: name, place: place)
    let count = shards ?? defaultShardCount
    checkContract(
      (1...65_536).contains(count) && count & (count - 1) == 0,
      "\(identity) can not have \(count) shards: their number is a power of two from 1 to 65,536")
    self.name = name
    mask = count - 1
    // All are taken in this order, which is the one that the watch over lock orders expects.
    locks = (0..<count).map { _ in Lock([:], identity: identity) }
      .sorted { ObjectIdentifier($0) < ObjectIdentifier($1) }
    self.shards = locks.map { Shard($0) }
    for (key, value) in contents { self[key] = value }
  }

  /// How many locks the keys are spread over.
  public var shardCount: Int { shards.count }

  @inlinable
  func shard(of key: Key) -> Shard { shards[key.hashValue & mask] }

  // MARK: One key

  /// The value of a key; setting `nil` removes the key.
  ///
  /// A change in place is one atomic step: `words["swift"]?.append(line)`.
  ///
  /// - Complexity: O(1) on average.
  @inlinable
  public subscript(key: Key) -> Value? {
    get { value(forKey: key) }
    set {
      if let newValue { updateValue(newValue, forKey: key) } else { removeValue(forKey: key) }
    }
    _modify {
      let shard = shard(of: key)
      shard.enter()
      defer { shard.leave() }
      yield &shard.contents.pointee[key]
    }
  }

  /// The value of a key, or `defaultValue` for one that is not in the dictionary.
  ///
  /// A change in place is one atomic step, and inserts the key: `hits[page, default: 0] += 1`. The default is
  /// then made under the lock, and must not use this dictionary.
  ///
  /// - Complexity: O(1) on average.
  @inlinable
  public subscript(key: Key, default defaultValue: @autoclosure () -> Value) -> Value {
    get { value(forKey: key) ?? defaultValue() }
    set { updateValue(newValue, forKey: key) }
    _modify {
      let shard = shard(of: key)
      shard.enter()
      defer { shard.leave() }
      yield &shard.contents.pointee[key, default: defaultValue()]
    }
  }

  /// The value of a key; `nil` when the key is not in the dictionary.
  ///
  /// - Complexity: O(1) on average.
  @inlinable
  public func value(forKey key: Key) -> Value? {
    shard(of: key).withLock { $0[key] }
  }

  /// Sets the value of a key.
  ///
  /// - Returns: the value that was replaced; `nil` when the key is new.
  /// - Complexity: O(1) on average, amortised.
  @inlinable
  @discardableResult
  public func updateValue(_ value: Value, forKey key: Key) -> Value? {
    shard(of: key).withLock { $0.updateValue(value, forKey: key) }
  }

  /// Removes a key.
  ///
  /// - Returns: the value that was removed; `nil` when there was none.
  /// - Complexity: O(1) on average.
  @inlinable
  @discardableResult
  public func removeValue(forKey key: Key) -> Value? {
    shard(of: key).withLock { $0.removeValue(forKey: key) }
  }

  /// Looks at the value of a key and changes it, in one atomic step.
  ///
  /// ```swift
  /// let isOpen = doors.update("front") { door in
  ///   guard door != nil else { return false }
  ///   door = nil
  ///   return true
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - body: gets the value, `nil` when there is none, and leaves the new one, `nil` to remove the key. It
  ///     runs under the shard's lock, and must not wait for anything.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; what it changed before stays.
  /// - Precondition: `body` does not use this dictionary.
  /// - Complexity: O(1) on average, beside `body` itself.
  @inlinable
  public func update<Result, Failure: Error>(
    _ key: Key, _ body: (inout Value?) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try shard(of: key).withLock { shard throws(Failure) in try body(&shard[key]) }
  }

  /// The value of a key; inserts one that is computed, once, when there is none.
  ///
  /// Whoever asks for the same key meanwhile waits, and gets the same value.
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - makeValue: computes the value. It runs under the shard's lock, and must not wait for anything.
  /// - Returns: the value that is in the dictionary then.
  /// - Throws: what `makeValue` throws; nothing is inserted then, and the next caller tries again.
  /// - Precondition: `makeValue` does not use this dictionary.
  /// - Complexity: O(1) on average, beside `makeValue` itself.
  @inlinable
  public func value<Failure: Error>(
    forKey key: Key, orInsert makeValue: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try shard(of: key).withLock { shard throws(Failure) in
      if let value = shard[key] { return value }
      let value = try makeValue()
      shard[key] = value
      return value
    }
  }
}

extension ThreadSafeDictionary where Value: Equatable {
  /// Sets the value of a key, if it is the expected one; `nil` stands for a key that is not there.
  ///
  /// ```swift
  /// let isMine = owners.compareExchange(forKey: job, expected: nil, desired: me).exchanged
  /// ```
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - expected: what the value has to be; `nil`: the key must not be there.
  ///   - desired: the new value; `nil` removes the key.
  /// - Returns: whether the value was set, and what it was before.
  /// - Complexity: O(1) on average.
  @inlinable
  @discardableResult
  public func compareExchange(
    forKey key: Key, expected: Value?, desired: Value?
  ) -> (exchanged: Bool, original: Value?) {
    update(key) { value in
      let original = value
      guard original == expected else { return (false, original) }
      value = desired
      return (true, original)
    }
  }
}

/// Four for each processor that may run this process, rounded up to a power of two.
private let defaultShardCount: Int = {
  let wanted = 4 * max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  return min(65_536, 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount))
}()
