/// A line of source code: where an object was made, or where somebody waits.
public struct SourcePlace: Sendable {
  /// The module and the file, as `#fileID` gives them.
  public let file: StaticString
  /// The line, from 1.
  public let line: UInt

  /// Names a place; without arguments, the one that calls.
  @inlinable
  public init(_ file: StaticString = #fileID, _ line: UInt = #line) {
    self.file = file
    self.line = line
  }
}

extension SourcePlace: Hashable, CustomStringConvertible {
  /// The place as compilers write it.
  public var description: String { "\(file):\(line)" }

  /// Two places are one when they read the same.
  public static func == (left: SourcePlace, right: SourcePlace) -> Bool {
    left.line == right.line && left.file.description == right.file.description
  }

  /// Feeds the place into a hash.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(line)
    hasher.combine(file.description)
  }
}
