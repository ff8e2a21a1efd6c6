extension ThreadSafeDictionary {
  /// How many keys there are, at one instant.
  ///
  /// - Complexity: O(shards).
  public var count: Int {
    withAllShards { shards in shards.reduce(0) { $0 + $1.contents.pointee.count } }
  }

  /// Whether there is no key, at one instant.
  ///
  /// - Complexity: O(shards).
  public var isEmpty: Bool {
    withAllShards { shards in shards.allSatisfy { $0.contents.pointee.isEmpty } }
  }

  /// What the dictionary holds at one instant, as a value of its own.
  ///
  /// The locks are held for O(shards) only; what is changed while the result is put together, and shortly after,
  /// copies its shard first. `snapshot().keys` and `snapshot().values` stand for what this type does not have.
  ///
  /// - Complexity: O(n).
  public func snapshot() -> [Key: Value] {
    let parts = withAllShards { shards in shards.map { $0.contents.pointee } }
    var whole = [Key: Value](minimumCapacity: parts.reduce(0) { $0 + $1.count })
    for part in parts { whole.merge(part) { value, _ in value } }
    return whole
  }

  /// Removes all keys, in one step.
  ///
  /// - Parameter keepCapacity: whether the memory is kept for keys to come.
  /// - Complexity: O(n).
  public func removeAll(keepingCapacity keepCapacity: Bool = false) {
    // What is removed ends after the locks: a value's end may use the dictionary.
    let removed = withAllShards { shards in
      shards.map { shard in
        let old = shard.contents.pointee
        shard.contents.pointee = keepCapacity ? [Key: Value](minimumCapacity: old.capacity) : [:]
        return old
      }
    }
    withExtendedLifetime(removed) {}
  }

  /// Takes in the keys of a dictionary, in one step: nobody sees a part of it.
  ///
  /// - Parameters:
  ///   - other: what is taken in.
  ///   - combine: makes the value of a key that is there already, from the old value and the new one. It runs
  ///     under the locks, and must not wait for anything.
  /// - Throws: what `combine` throws; what was taken in before stays.
  /// - Precondition: `combine` does not use this dictionary.
  /// - Complexity: O(shards + `other.count`).
  public func merge(
    _ other: [Key: Value], uniquingKeysWith combine: (Value, Value) throws -> Value
  ) rethrows {
    // What is replaced ends after the locks: a value's end may use the dictionary.
    var replaced: [Value] = []
    defer { withExtendedLifetime(replaced) {} }
    try withAllShards { _ in
      for (key, new) in other {
        let contents = shard(of: key).contents
        let old = contents.pointee[key]
        contents.pointee[key] = try old.map { try combine($0, new) } ?? new
        if let old { replaced.append(old) }
      }
    }
  }

  /// Runs `body` with all shards locked, in their order.
  private func withAllShards<Result>(_ body: ([Shard]) throws -> Result) rethrows -> Result {
    for shard in shards { shard.enter() }
    defer { for shard in shards { shard.leave() } }
    return try body(shards)
  }
}

extension ThreadSafeDictionary: ExpressibleByDictionaryLiteral {
  // Disfavoured: without elements it would stand beside the initialiser whose arguments all have defaults.

  /// Creates a dictionary of what a literal lists.
  ///
  /// - Precondition: no key is listed twice.
  @_disfavoredOverload
  public convenience init(dictionaryLiteral elements: (Key, Value)...) {
    self.init(Dictionary(uniqueKeysWithValues: elements))
  }
}

extension ThreadSafeDictionary: CustomStringConvertible {
  /// What the dictionary holds, as `Dictionary` prints it.
  public var description: String { snapshot().description }
}
