/// An error that no further attempt can cure, such as input that is wrong.
///
/// ```swift
/// struct UnknownFormat: PermanentError {}
/// ```
public protocol PermanentError: Error {
  /// Whether this very value is permanent; a type that has both kinds answers by case. `true` unless
  /// implemented.
  var isPermanent: Bool { get }
}

extension PermanentError {
  /// Answers that every value of the type is permanent.
  public var isPermanent: Bool { true }
}

/// An error that stands for one of another process, under that one's name.
package protocol ForeignError: Error {
  /// The name of the other error's type.
  var errorName: String { get }
}

/// The names under which errors are filtered and stored.
public enum ErrorName {
  /// The name of an error's type with what it stands in, such as `Swift.CancellationError`.
  ///
  /// The places that the compiler numbers for types that are private or local are left out, for they change
  /// from build to build.
  public static func of(_ error: any Error) -> String {
    if let foreign = error as? any ForeignError { return foreign.errorName }
    var name = ""
    var depth = 0
    for part in String(reflecting: type(of: error)).split(separator: ".", omittingEmptySubsequences: false) {
      let isNumbered = part.hasPrefix("(unknown context at ") && depth == 0
      if !isNumbered { name += name.isEmpty ? String(part) : "." + part }
      depth += part.count { $0 == "<" } - part.count { $0 == ">" }
    }
    return name
  }

  /// Whether an error says of itself that it is permanent.
  public static func isPermanent(_ error: any Error) -> Bool {
    (error as? any PermanentError)?.isPermanent ?? false
  }

  /// Whether a name is that of a cancellation, in whatever module.
  public static func isCancellation(_ name: String) -> Bool {
    matches(name, "CancellationError")
  }

  /// Whether `name` is `wanted`, or ends with it after a dot.
  static func matches(_ name: String, _ wanted: String) -> Bool {
    name == wanted || name.hasSuffix("." + wanted)
  }
}
