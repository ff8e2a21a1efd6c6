internal import FoundationEssentials
internal import SkeinWork

/// A dictionary in the process of a ``SharedManager``.
///
/// ```swift
/// try scores.update("anna") { $0 = ($0 ?? 0) + 1 }
/// ```
///
/// Keys are the same when they are encoded alike: for texts, that is scalar by scalar.
///
/// All operations throw ``ManagerError``, and `EncodingError` or `DecodingError` for what can not be encoded, or was put in
/// as something else.
///
/// - Source: behaviour after the dictionary of CPython's `multiprocessing.Manager`, with an update that needs no lock.
public struct ManagedDictionary<Key: Codable & Hashable & Sendable, Value: Codable & Sendable>: ManagedObject
{
  /// Which object of which manager it stands for.
  public let reference: ManagedReference

  private func ask(_ operation: DictionaryOperation) throws -> ManagerReply {
    try reference.client.ask(.dictionary(reference.id, operation))
  }

  /// The value of a key; `nil` when there is none.
  ///
  /// - Complexity: O(1).
  public func value(for key: Key) throws -> Value? {
    try ask(.value(key: try messageCodec.encode(key))).decode(Value.self)
  }

  /// Sets the value of a key.
  ///
  /// - Complexity: O(1).
  public func set(_ value: Value, for key: Key) throws {
    _ = try ask(.set(key: try messageCodec.encode(key), value: try messageCodec.encode(value)))
  }

  /// Removes a key.
  ///
  /// - Returns: its value; `nil` when there was none.
  /// - Complexity: O(1).
  @discardableResult
  public func remove(_ key: Key) throws -> Value? {
    try ask(.remove(key: try messageCodec.encode(key))).decode(Value.self)
  }

  /// Sets the value of a key that has none.
  ///
  /// - Returns: whether it had none.
  /// - Complexity: O(1).
  @discardableResult
  public func insertIfAbsent(_ value: Value, for key: Key) throws -> Bool {
    try ask(
      .exchange(key: messageCodec.encode(key), expected: nil, desired: messageCodec.encode(value))
    ).outcome()
  }

  /// Changes the value of a key as one step: when another process changes it in between, `transform` is run again with
  /// what that left.
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - transform: changes the value; `nil` is none, before and after.
  /// - Returns: the value after it.
  /// - Throws: what `transform` throws, and nothing has changed.
  /// - Complexity: two round trips, as long as nobody comes between.
  @discardableResult
  public func update(_ key: Key, _ transform: (inout Value?) throws -> Void) throws -> Value? {
    let key = try messageCodec.encode(key)
    while true {
      let current = try ask(.value(key: key)).bytes()
      var value = try current.map { try messageCodec.decode(Value.self, from: $0) }
      try transform(&value)
      let desired = try value.map { try messageCodec.encode($0) }
      if try ask(.exchange(key: key, expected: current, desired: desired)).outcome() { return value }
    }
  }

  /// How many keys there are.
  ///
  /// - Complexity: O(1).
  public func count() throws -> Int { try ask(.count).number() }

  /// The keys, in no order.
  ///
  /// - Complexity: O(keys).
  public func keys() throws -> [Key] { try ask(.keys).decodeAll(Key.self) }

  /// A copy of all of it.
  ///
  /// - Complexity: O(keys).
  public func contents() throws -> [Key: Value] {
    let all = try ask(.contents).values()
    let pairs = try stride(from: 0, to: all.count, by: 2).map {
      (
        try messageCodec.decode(Key.self, from: all[$0]),
        try messageCodec.decode(Value.self, from: all[$0 + 1])
      )
    }
    return Dictionary(pairs) { _, last in last }
  }

  /// Removes everything.
  public func removeAll() throws { _ = try ask(.removeAll) }
}

/// Named values of different types, in the process of a ``SharedManager``.
///
/// ```swift
/// try settings.set("/tmp/pages", for: "folder")
/// let folder = try settings.value(for: "folder", as: String.self)
/// ```
///
/// All operations throw ``ManagerError``, and `EncodingError` or `DecodingError` for what can not be encoded, or is of
/// another type.
///
/// - Source: behaviour after the namespace of CPython's `multiprocessing.Manager`.
public struct ManagedNamespace: ManagedObject {
  /// Which object of which manager it stands for.
  public let reference: ManagedReference

  private func ask(_ operation: DictionaryOperation) throws -> ManagerReply {
    try reference.client.ask(.dictionary(reference.id, operation))
  }

  /// The value of a name; `nil` when there is none.
  ///
  /// - Throws: `DecodingError` when it is of another type.
  public func value<Value: Decodable>(for name: String, as type: Value.Type = Value.self) throws -> Value? {
    try ask(.value(key: Data(name.utf8))).decode(type)
  }

  /// Sets the value of a name.
  public func set(_ value: some Encodable, for name: String) throws {
    _ = try ask(.set(key: Data(name.utf8), value: try messageCodec.encode(value)))
  }

  /// Removes a name.
  ///
  /// - Returns: whether it had a value.
  @discardableResult
  public func remove(_ name: String) throws -> Bool {
    try ask(.remove(key: Data(name.utf8))).bytes() != nil
  }

  /// The names, sorted.
  public func names() throws -> [String] {
    try ask(.keys).values().map { String(decoding: $0, as: UTF8.self) }.sorted()
  }
}
