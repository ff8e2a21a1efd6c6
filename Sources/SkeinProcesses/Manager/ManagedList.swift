internal import FoundationEssentials
internal import SkeinWork

/// A list in the process of a ``SharedManager``.
///
/// ```swift
/// try results.append(page)
/// for page in try results.contents() { print(page) }
/// ```
///
/// All operations throw ``ManagerError``, and `EncodingError` or `DecodingError` for what can not be encoded, or was put in
/// as something else.
///
/// - Source: behaviour after the list of CPython's `multiprocessing.Manager`.
public struct ManagedList<Element: Codable & Sendable>: ManagedObject {
  /// Which object of which manager it stands for.
  public let reference: ManagedReference

  private func ask(_ operation: ListOperation) throws -> ManagerReply {
    try reference.client.ask(.list(reference.id, operation))
  }

  /// Adds an element at the end.
  ///
  /// - Complexity: O(1).
  public func append(_ element: Element) throws { _ = try ask(.append([messageCodec.encode(element)])) }

  /// Adds elements at the end, side by side.
  ///
  /// - Complexity: O(elements).
  public func append(contentsOf elements: [Element]) throws {
    _ = try ask(.append(elements.map { try messageCodec.encode($0) }))
  }

  /// Puts an element before the one at `index`, or at the end.
  ///
  /// - Throws: ``ManagerError/outOfBounds(index:count:)``.
  /// - Complexity: O(elements).
  public func insert(_ element: Element, at index: Int) throws {
    _ = try ask(.insert(messageCodec.encode(element), at: index))
  }

  /// The element at `index`.
  ///
  /// - Throws: ``ManagerError/outOfBounds(index:count:)``.
  /// - Complexity: O(1).
  public func value(at index: Int) throws -> Element {
    try ask(.value(at: index)).decodePresent(Element.self)
  }

  /// Puts another element in the place of the one at `index`.
  ///
  /// - Throws: ``ManagerError/outOfBounds(index:count:)``.
  /// - Complexity: O(1).
  public func set(_ element: Element, at index: Int) throws {
    _ = try ask(.set(messageCodec.encode(element), at: index))
  }

  /// Takes the element at `index` out.
  ///
  /// - Throws: ``ManagerError/outOfBounds(index:count:)``.
  /// - Complexity: O(elements).
  @discardableResult
  public func remove(at index: Int) throws -> Element {
    try ask(.remove(at: index)).decodePresent(Element.self)
  }

  /// Takes the first element out; `nil` when there is none.
  ///
  /// - Complexity: O(1).
  public func popFirst() throws -> Element? { try ask(.popFirst).decode(Element.self) }

  /// Takes the last element out; `nil` when there is none.
  ///
  /// - Complexity: O(1).
  public func popLast() throws -> Element? { try ask(.popLast).decode(Element.self) }

  /// How many elements there are.
  ///
  /// - Complexity: O(1).
  public func count() throws -> Int { try ask(.count).number() }

  /// A copy of all of it.
  ///
  /// - Complexity: O(elements).
  public func contents() throws -> [Element] { try ask(.contents).decodeAll(Element.self) }

  /// Removes everything.
  public func removeAll() throws { _ = try ask(.removeAll) }
}

/// A number in the process of a ``SharedManager``.
///
/// All operations throw ``ManagerError``.
public struct ManagedCounter: ManagedObject {
  /// Which object of which manager it stands for.
  public let reference: ManagedReference

  /// The number.
  public func value() throws -> Int { try add(0) }

  /// Adds to it.
  ///
  /// - Returns: the sum.
  /// - Throws: ``ManagerError/overflow``, and nothing has changed.
  @discardableResult
  public func add(_ summand: Int) throws -> Int {
    try reference.client.ask(.counter(reference.id, .add(summand))).number()
  }

  /// Sets it.
  ///
  /// - Returns: what it was.
  @discardableResult
  public func exchange(_ value: Int) throws -> Int {
    try reference.client.ask(.counter(reference.id, .exchange(value))).number()
  }
}
