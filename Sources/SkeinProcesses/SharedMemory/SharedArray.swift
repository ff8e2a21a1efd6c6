/// A fixed number of values that several processes read and change.
///
/// Access by `withLock` is exclusive among all processes. The subscript and the unsafe buffers are not synchronised: they
/// are for processes that share out the elements among them, or that have the lock.
///
/// ```swift
/// let sums = try SharedArray(repeating: 0, count: 4)
/// try await sums.withLock { $0[2] += 1 }
/// ```
///
/// The elements are plain bytes: no references, no pointers.
///
/// - Source: behaviour after CPython's `multiprocessing.Array`.
public final class SharedArray<Element: BitwiseCopyable & Sendable>: Sendable, Codable {
  private let region: SharedRegion
  /// The first element, in the region.
  @usableFromInline nonisolated(unsafe) let base: UnsafeMutablePointer<Element>
  /// How many elements there are.
  public let count: Int
  /// The lock that guards the elements.
  public let lock: SharedLock

  /// Makes an array.
  ///
  /// - Parameters:
  ///   - element: what all elements are at first.
  ///   - count: how many there are, for good; zero is allowed.
  /// - Throws: ``SharedMemoryError``: the count is negative, or the system has no memory or no descriptor left.
  public convenience init(repeating element: Element, count: Int) throws(SharedMemoryError) {
    try self.init(repeating: element, count: count, kind: .array)
  }

  /// Makes an array of copies.
  ///
  /// - Throws: ``SharedMemoryError`` when the system has no memory or no descriptor left.
  public init(_ elements: [Element]) throws(SharedMemoryError) {
    region = try Self.makeRegion(count: elements.count, kind: .array) { base in
      base.initialize(from: elements, count: elements.count)
    }
    (base, self.count, lock) = (Self.base(in: region), region.layout.count, SharedLock(region))
  }

  init(repeating element: Element, count: Int, kind: SharedLayout.Kind) throws(SharedMemoryError) {
    region = try Self.makeRegion(count: count, kind: kind) { $0.initialize(repeating: element, count: count) }
    (base, self.count, lock) = (Self.base(in: region), region.layout.count, SharedLock(region))
  }

  private static func makeRegion(
    count: Int, kind: SharedLayout.Kind, fill: (UnsafeMutablePointer<Element>) -> Void
  ) throws(SharedMemoryError) -> SharedRegion {
    // The element's alignment: 256 is what all places in a region keep.
    guard MemoryLayout<Element>.alignment <= SharedLayout.elements else { throw .tooLarge }
    let layout = SharedLayout(kind: kind, elementStride: MemoryLayout<Element>.stride, count: count)
    return try .make(layout) { region throws(SharedMemoryError) in
      try SharedLock.prepare(region)
      fill(base(in: region))
    }
  }

  private static func base(in region: SharedRegion) -> UnsafeMutablePointer<Element> {
    (region.address + SharedLayout.elements).assumingMemoryBound(to: Element.self)
  }

  @inlinable var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }

  /// One element, without synchronisation.
  ///
  /// - Precondition: the index is one of `0..<count`.
  @inlinable public subscript(_ index: Int) -> Element {
    get { withUnsafeBufferPointer { $0[checked(index)] } }
    set { withUnsafeMutableBufferPointer { $0[checked(index)] = newValue } }
  }

  @inlinable func checked(_ index: Int) -> Int {
    precondition((0..<count).contains(index), "a shared array of \(count) elements has no element \(index)")
    return index
  }

  // MARK: Without synchronisation

  /// Runs `body` with the elements; nothing keeps other processes from changing them meanwhile.
  @inlinable public func withUnsafeBufferPointer<Result>(
    _ body: (UnsafeBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) { try body(UnsafeBufferPointer(buffer)) }
  }

  /// Runs `body` with the elements for change; nothing keeps other processes from changing them meanwhile.
  @inlinable public func withUnsafeMutableBufferPointer<Result>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) { try body(buffer) }
  }

  // MARK: Under the lock

  /// Runs `body` with exclusive access to the elements; blocks the thread until it can have it.
  ///
  /// - Throws: what `body` throws.
  /// - Precondition: the calling thread does not have the lock already.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @_disfavoredOverload
  public func withLock<Result>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    try lock.withLock { try body(buffer) }
  }

  /// Runs `body` with exclusive access to the elements; suspends the task until it can have it.
  ///
  /// - Throws: `WaitError.cancelled`, else what `body` throws.
  /// - Cancellation: a waiting task gives up.
  public func withLock<Result>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws -> Result
  ) async throws -> Result {
    try await lock.withLock { try body(buffer) }
  }

  /// A copy of the elements, made under the lock; the thread waits for it.
  @available(*, noasync, message: "this blocks the thread; await withLock instead")
  public var elements: [Element] { withLock { Array(UnsafeBufferPointer($0)) } }

  /// Puts new elements in the place of the first ones, under the lock; the thread waits for it.
  ///
  /// - Precondition: there are not more of them than the array has.
  @available(*, noasync, message: "this blocks the thread; await withLock instead")
  public func replace(with elements: [Element]) {
    precondition(elements.count <= count, "\(elements.count) elements do not fit into \(count)")
    withLock { buffer in
      elements.withUnsafeBufferPointer { _ = buffer.update(fromContentsOf: $0) }
    }
  }

  // MARK: Messages

  /// Takes the array that came with a message.
  ///
  /// - Throws: ``SharedMemoryError`` when something else came.
  public convenience init(from decoder: any Decoder) throws { try self.init(from: decoder, kind: .array) }

  init(from decoder: any Decoder, kind: SharedLayout.Kind) throws {
    region = try .decode(from: decoder, as: kind, elementStride: MemoryLayout<Element>.stride)
    (base, self.count, lock) = (Self.base(in: region), region.layout.count, SharedLock(region))
  }

  /// Puts the array beside the message that is being encoded.
  public func encode(to encoder: any Encoder) throws { try region.encode(to: encoder) }
}
