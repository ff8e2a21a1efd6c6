/// An error that a function threw in another process: its type's name and its text, since errors can not travel.
public struct RemoteError: Error, Codable, Hashable, Sendable, CustomStringConvertible {
  /// The type of the error.
  public let typeName: String
  /// What it said.
  public let message: String

  /// Describes an error.
  public init(_ error: any Error) {
    if let remote = error as? RemoteError {
      self = remote
    } else {
      typeName = String(reflecting: type(of: error))
      message = String(describing: error)
    }
  }

  /// A sentence for people.
  public var description: String { "\(message) (\(typeName), in another process)" }
}
