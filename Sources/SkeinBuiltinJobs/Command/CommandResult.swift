/// What a program left that exited with code 0.
public struct CommandResult: Codable, Hashable, Sendable {
  /// The exit code: 0, for with another one the job fails.
  public let exitCode: Int32
  /// How long the program ran, in seconds.
  public let seconds: Double
  /// The beginning of its standard output, up to the job's limit; bytes that are no UTF-8 became U+FFFD.
  public let standardOutput: String
  /// The beginning of its standard error, likewise.
  public let standardError: String
  /// How many bytes it wrote to its standard output, kept or not.
  public let standardOutputBytes: Int
  /// How many bytes it wrote to its standard error, kept or not.
  public let standardErrorBytes: Int
  /// Whether something of either stream is not kept here.
  public let isTruncated: Bool
}
