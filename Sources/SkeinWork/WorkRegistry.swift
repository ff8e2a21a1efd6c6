/// What a process can run, by name: a value that is passed in, never a global.
///
/// - Invariant: each name has one entry, and every name is well formed.
public struct WorkRegistry<Entry: Sendable>: Sendable {
  private var entries: [String: Entry] = [:]

  /// Creates an empty registry.
  public init() {}

  /// The registered names, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// The entry for a name; `nil` when there is none.
  public subscript(name: String) -> Entry? { entries[name] }

  /// Adds an entry.
  ///
  /// - Throws: ``WorkNameError`` when the name is malformed or taken.
  public mutating func register(_ entry: Entry, as name: String) throws(WorkNameError) {
    try WorkNameError.check(name)
    guard entries.updateValue(entry, forKey: name) == nil else { throw .taken(name) }
  }
}

/// What is wrong with the name of a piece of work.
public enum WorkNameError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name is empty, too long, or has a character that names do not have.
  case malformed(String)
  /// Another type is registered under the name.
  case taken(String)

  /// The longest name, in characters.
  public static let longestName = 200

  /// Checks that a name is well formed.
  public static func check(_ name: String) throws(WorkNameError) {
    let isAllowed = { (byte: UInt8) in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ":"): true
      default: false
      }
    }
    guard (1...longestName).contains(name.utf8.count), name.utf8.allSatisfy(isAllowed) else {
      throw .malformed(name)
    }
  }

  /// A sentence that says what to do.
  public var description: String {
    switch self {
    case .malformed(let name):
      "'\(name)' is no name for work: use 1 to \(Self.longestName) letters, digits and the characters . _ - :"
    case .taken(let name): "two kinds of work are registered under the name '\(name)': rename one of them"
    }
  }
}
