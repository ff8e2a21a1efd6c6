/// Work that crosses a process boundary or outlives a process.
///
/// A closure can do neither, so such work is a named type whose stored properties are its input. `RemoteFunction` (child
/// processes) and `Job` (the durable queue) refine it.
///
/// - Invariant: a name means one type for as long as work of that name is stored or under way.
public protocol RemoteWork: Codable, Sendable {
  /// What the work gives back.
  associatedtype Output: Codable & Sendable

  /// The name under which the work is stored and registered, such as `image.resize`.
  ///
  /// Letters, digits and `. _ - :`, at most 200 of them.
  static var name: String { get }

  /// The version of the stored form; raise it when older code could not decode the new properties.
  static var payloadVersion: Int { get }
}

extension RemoteWork {
  /// The first version.
  public static var payloadVersion: Int { 1 }
}

/// The output of work that gives nothing back.
public struct Nothing: Codable, Hashable, Sendable {
  /// Creates the one value.
  public init() {}
}
