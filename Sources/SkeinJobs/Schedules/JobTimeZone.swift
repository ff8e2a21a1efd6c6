// FoundationEssentials alone knows no zone but GMT.
internal import Foundation

/// The time zone of a schedule, by its name in the IANA database, such as `Europe/Berlin`.
///
/// Its rules come with Foundation and so with the program: no files are needed, all workers of one build
/// agree, and a country's new rule arrives with a newer toolchain.
public struct JobTimeZone: Hashable, Sendable {
  /// The name.
  public let identifier: String
  private let zone: TimeZone

  /// Coordinated Universal Time, whose clocks are never changed.
  public static let utc = JobTimeZone(identifier: "UTC", zone: .gmt)

  /// Finds a time zone by its name.
  ///
  /// - Parameter identifier: `UTC`, `GMT`, or a name with a slash as in `America/New_York`, in its exact
  ///   spelling. Abbreviations such as `EST` or `BST` are refused, for several zones use the same.
  /// - Throws: ``InvalidSchedule``, which suggests names that are spelled alike.
  public init(_ identifier: String) throws(InvalidSchedule) {
    let isUnambiguous = identifier.contains("/") || ["UTC", "GMT"].contains(identifier)
    guard isUnambiguous, let zone = TimeZone(identifier: identifier) else {
      throw Self.unknown(identifier)
    }
    self.init(identifier: identifier, zone: zone)
  }

  private init(identifier: String, zone: TimeZone) {
    self.identifier = identifier
    self.zone = zone
  }

  private static func unknown(_ identifier: String) -> InvalidSchedule {
    let near = NearZones.of(identifier, among: TimeZone.knownTimeZoneIdentifiers + ["UTC"])
    return InvalidSchedule(
      "time zone", identifier,
      problem: "zones are called UTC, GMT, or by region and city as in the IANA database",
      advice: near.isEmpty
        ? "write UTC, or a name as Europe/Berlin" : "did you mean \(near.joined(separator: " or "))?")
  }

  /// Tells whether two zones have one name.
  public static func == (left: JobTimeZone, right: JobTimeZone) -> Bool {
    left.identifier == right.identifier
  }

  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}

extension JobTimeZone: Codable, CustomStringConvertible {
  /// The name.
  public var description: String { identifier }

  /// Decodes the name.
  public init(from decoder: any Decoder) throws {
    self = try InvalidSchedule.asCorruption(in: decoder) { try Self(String(from: decoder)) }
  }

  /// Encodes the name.
  public func encode(to encoder: any Encoder) throws { try identifier.encode(to: encoder) }
}

/// A span of time in which the clocks of a zone run evenly. All numbers are seconds; instants count from
/// 1970.
struct ClockStretch: Hashable, Sendable {
  /// When it began, if the clocks were changed within ``JobTimeZone/longestJump`` before the instant asked
  /// for.
  var start: Int?
  /// When the clocks are changed next.
  var end: Int
  /// How far the clocks are ahead of UTC.
  var offset: Int
  /// How far they were ahead before `start`.
  var offsetBefore: Int
}

extension JobTimeZone {
  /// No zone ever moved its clocks by more than a day at once: that is a change of side at the date line.
  static let longestJump = 86_400

  /// The stretch that an instant lies in.
  func stretch(at instant: Int) -> ClockStretch {
    var start: Int?
    var end = change(after: instant - Self.longestJump - 1)
    while end <= instant {
      start = end
      end = change(after: end)
    }
    let offset = offset(at: instant)
    return ClockStretch(
      start: start, end: end, offset: offset, offsetBefore: start.map { self.offset(at: $0 - 1) } ?? offset)
  }

  private func offset(at instant: Int) -> Int {
    zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant)))
  }

  /// When clocks are changed after an instant; `Int.max` if never.
  private func change(after instant: Int) -> Int {
    let date = Date(timeIntervalSince1970: Double(instant))
    guard let change = zone.nextDaylightSavingTimeTransition(after: date) else { return .max }
    let second = Int(change.timeIntervalSince1970)
    // One that is not later would be a fault of Foundation; it must not make a search endless.
    return second > instant ? second : .max
  }
}
