public import SkeinResilience

/// The input of a job is wrong, so that no attempt can succeed.
public struct InvalidJobInput: PermanentError, Hashable, CustomStringConvertible {
  /// What is wrong, and what to do.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension Decoder {
  /// Runs a check of decoded values; what it throws becomes a `DecodingError`, as the queue expects of bad
  /// input.
  func checkingInput(_ check: () throws(InvalidJobInput) -> Void) throws {
    do {
      try check()
    } catch {
      throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: error.description))
    }
  }
}
