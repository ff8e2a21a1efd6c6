extension RetryPolicy: Codable {
  private enum CodingKeys: String, CodingKey {
    case maximumAttempts, backoff, jitter, cap, overallDeadline, retries
  }

  /// Reads a policy; durations are numbers of seconds.
  ///
  /// A key that is missing has the value of ``standard``. `null` for `maximumAttempts` means no limit.
  ///
  /// ```json
  /// {"maximumAttempts": 5, "backoff": {"kind": "exponential", "initial": 1, "multiplier": 2},
  ///  "jitter": "full", "cap": 300, "overallDeadline": 3600, "retries": {"except": ["InvalidInput"]}}
  /// ```
  ///
  /// - Throws: `DecodingError`, which names the field, its value and its range.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    let standard = RetryPolicy.standard
    do {
      try self.init(
        validating: try fields.decodeIfPresent(Backoff.self, forKey: .backoff) ?? standard.backoff,
        jitter: try fields.decodeIfPresent(Jitter.self, forKey: .jitter) ?? standard.jitter,
        cap: try fields.decodeSecondsIfPresent(forKey: .cap) ?? standard.cap,
        maximumAttempts: fields.contains(.maximumAttempts)
          ? try fields.decodeIfPresent(Int.self, forKey: .maximumAttempts) : standard.maximumAttempts,
        overallDeadline: try fields.decodeSecondsIfPresent(forKey: .overallDeadline),
        retries: try fields.decodeIfPresent(ErrorFilter.self, forKey: .retries) ?? standard.retries)
    } catch let error as InvalidRetryPolicy {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: error.description, underlyingError: error))
    }
  }

  /// Writes the policy with all its fields; durations are numbers of seconds.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(maximumAttempts, forKey: .maximumAttempts)
    try fields.encode(backoff, forKey: .backoff)
    try fields.encode(jitter, forKey: .jitter)
    try fields.encode(cap.inSeconds, forKey: .cap)
    try fields.encodeIfPresent(overallDeadline?.inSeconds, forKey: .overallDeadline)
    try fields.encode(retries, forKey: .retries)
  }
}

extension RetryPolicy.Backoff: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind, delay, initial, multiplier
  }

  private enum Kind: String, Codable {
    case fixed, exponential
  }

  /// Reads `{"kind": "fixed", "delay": 3}` or `{"kind": "exponential", "initial": 1, "multiplier": 2}`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    switch try fields.decode(Kind.self, forKey: .kind) {
    case .fixed:
      self = .fixed(try fields.decodeSeconds(forKey: .delay))
    case .exponential:
      self = .exponential(
        initial: try fields.decodeSeconds(forKey: .initial),
        multiplier: try fields.decodeIfPresent(Double.self, forKey: .multiplier) ?? 2)
    }
  }

  /// Writes the form that `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .fixed(let delay):
      try fields.encode(Kind.fixed, forKey: .kind)
      try fields.encode(delay.inSeconds, forKey: .delay)
    case .exponential(let initial, let multiplier):
      try fields.encode(Kind.exponential, forKey: .kind)
      try fields.encode(initial.inSeconds, forKey: .initial)
      try fields.encode(multiplier, forKey: .multiplier)
    }
  }
}

extension KeyedDecodingContainer {
  fileprivate func decodeSeconds(forKey key: Key) throws -> Duration {
    try Duration(validatingSeconds: try decode(Double.self, forKey: key), as: key.stringValue)
  }

  fileprivate func decodeSecondsIfPresent(forKey key: Key) throws -> Duration? {
    try decodeIfPresent(Double.self, forKey: key).map {
      try Duration(validatingSeconds: $0, as: key.stringValue)
    }
  }
}
