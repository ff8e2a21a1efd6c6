/// How the end of a body is told.
enum BodyFraming: Hashable, Sendable {
  /// There is none.
  case none
  /// By the number of its bytes.
  case length(Int)
  /// In chunks, the last of which is empty.
  case chunked
}
