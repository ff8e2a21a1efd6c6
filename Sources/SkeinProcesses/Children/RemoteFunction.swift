public import SkeinFutures
public import SkeinWork

/// A function that another process can run: a named type whose stored properties are its input.
///
/// ```swift
/// struct Primes: RemoteFunction {
///   static let name = "primes"
///   var range: Range<Int>
///   func run() throws -> [Int] { range.filter(isPrime) }
/// }
/// ```
///
/// Its input may hold connections and shared objects, which the other process gets its own handles for. The function runs
/// on a thread of its own, and may block it.
///
/// Every process registers its functions with `Skein.main`.
public protocol RemoteFunction: RemoteWork, PoolWork {
  /// Whether it may be run again when the process that ran it has ended in the midst of it. By default it may not.
  static var isIdempotent: Bool { get }

  /// Does the work, in the other process.
  func run() throws -> Output
}

extension RemoteFunction {
  /// It is not run again.
  public static var isIdempotent: Bool { false }
}
