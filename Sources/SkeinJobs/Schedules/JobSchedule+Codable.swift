internal import struct FoundationEssentials.Date

extension JobSchedule: Codable {
  private enum CodingKeys: String, CodingKey {
    case cron, timeZone, every, anchor, jitter
  }

  /// Reads a schedule; spans are numbers of seconds, and the anchor is one of seconds since 1970.
  ///
  /// ```json
  /// {"cron": "30 4 * * *", "timeZone": "Europe/Berlin", "jitter": 300}
  /// {"every": 90, "anchor": 0}
  /// ```
  ///
  /// `timeZone` is UTC, `anchor` 1970 and `jitter` nothing when it is missing.
  ///
  /// - Throws: `DecodingError`, which names what is wrong and what to write.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    guard fields.contains(.cron) != fields.contains(.every) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "a schedule has either 'cron' or 'every'"))
    }
    self = try InvalidSchedule.asCorruption(in: decoder) {
      try fields.contains(.cron) ? Self.cron(from: fields) : Self.every(from: fields)
    }
  }

  private static func cron(from fields: KeyedDecodingContainer<CodingKeys>) throws -> JobSchedule {
    try cron(
      try fields.decode(CronExpression.self, forKey: .cron),
      timeZone: try fields.decodeIfPresent(JobTimeZone.self, forKey: .timeZone) ?? .utc,
      jitter: try fields.seconds(.jitter) ?? .zero)
  }

  private static func every(from fields: KeyedDecodingContainer<CodingKeys>) throws -> JobSchedule {
    let anchor = try fields.decodeIfPresent(Double.self, forKey: .anchor) ?? 0
    return try every(
      try fields.seconds(.every) ?? .zero, anchor: Date(timeIntervalSince1970: anchor),
      jitter: try fields.seconds(.jitter) ?? .zero)
  }

  /// Writes all fields that belong to the kind of schedule.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    switch rhythm {
    case .cron(let expression, let timeZone):
      try fields.encode(expression, forKey: .cron)
      try fields.encode(timeZone, forKey: .timeZone)
    case .every(let interval, let anchor):
      try fields.encode(Double(interval.wholeMilliseconds ?? 0) / 1000, forKey: .every)
      try fields.encode(Double(anchor.wholeMilliseconds ?? 0) / 1000, forKey: .anchor)
    }
    try fields.encode(Double(jitter.wholeMilliseconds ?? 0) / 1000, forKey: .jitter)
  }
}

extension KeyedDecodingContainer {
  /// A span in seconds; one that no duration holds becomes the longest of its sign, which no schedule takes.
  fileprivate func seconds(_ key: Key) throws -> Duration? {
    try decodeIfPresent(Double.self, forKey: key).map { .seconds(max(-1e12, min($0, 1e12))) }
  }
}
