internal import CSkein

/// A number that several processes count up and down, each time by one atomic operation.
///
/// ```swift
/// let served = try SharedCounter()
/// served.add(1)
/// ```
///
/// It is sent to another process as a part of a message; both have the same number then.
public final class SharedCounter: Sendable, Codable {
  private let region: SharedRegion
  private var word: UnsafeMutableRawPointer { region.address + SharedLayout.words }

  /// Makes a counter.
  ///
  /// - Throws: ``SharedMemoryError`` when the system has no memory or no descriptor left.
  public init(_ value: Int = 0) throws(SharedMemoryError) {
    region = try .make(SharedLayout(kind: .counter, count: 0))
    add(value)
  }

  /// The number at this instant.
  public var value: Int { Int(truncatingIfNeeded: skein_load_u64(word)) }

  /// Adds to the number; it wraps around past the ends of `Int`.
  ///
  /// - Returns: the sum.
  @discardableResult
  public func add(_ amount: Int) -> Int {
    Int(bitPattern: UInt(skein_add_u64(word, UInt64(bitPattern: Int64(amount)))))
  }

  /// Takes the counter that came with a message.
  ///
  /// - Throws: ``SharedMemoryError`` when something else came.
  public init(from decoder: any Decoder) throws {
    region = try .decode(from: decoder, as: .counter)
  }

  /// Puts the counter beside the message that is being encoded.
  public func encode(to encoder: any Encoder) throws { try region.encode(to: encoder) }
}
