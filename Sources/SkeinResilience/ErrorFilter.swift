/// Which errors are worth another attempt, as data: by the name of their type.
///
/// A name may be given alone (`"TimeoutError"`) or with what it stands in (`"SkeinAsync.TimeoutError"`).
/// Cancellation and permanent errors are never retried, whatever the filter says.
public enum ErrorFilter: Hashable, Sendable {
  /// All errors.
  case all
  /// The named errors and no other.
  case only([String])
  /// All but the named errors.
  case except([String])

  /// Whether the filter lets pass an error whose type has this name.
  public func includes(_ errorName: String) -> Bool {
    switch self {
    case .all: true
    case .only(let names): names.contains { ErrorName.matches(errorName, $0) }
    case .except(let names): !names.contains { ErrorName.matches(errorName, $0) }
    }
  }
}

extension ErrorFilter: Codable {
  private enum CodingKeys: String, CodingKey {
    case only, except
  }

  /// Reads `"all"`, `{"only": [...]}` or `{"except": [...]}`.
  ///
  /// - Throws: `DecodingError` for anything else.
  public init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      guard word == "all" else { throw Self.unreadable(decoder, "not \"\(word)\"") }
      self = .all
      return
    }
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    let only = try fields.decodeIfPresent([String].self, forKey: .only)
    let except = try fields.decodeIfPresent([String].self, forKey: .except)
    switch (only, except) {
    case (let names?, nil): self = .only(names)
    case (nil, let names?): self = .except(names)
    default: throw Self.unreadable(decoder, "exactly one of the two lists")
    }
  }

  /// Writes the form that `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .all:
      var value = encoder.singleValueContainer()
      try value.encode("all")
    case .only(let names):
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(names, forKey: .only)
    case .except(let names):
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(names, forKey: .except)
    }
  }

  private static func unreadable(_ decoder: any Decoder, _ detail: String) -> DecodingError {
    .dataCorrupted(
      .init(
        codingPath: decoder.codingPath,
        debugDescription: #"retries must be "all", {"only": [names]} or {"except": [names]}: \#(detail)"#))
  }
}
