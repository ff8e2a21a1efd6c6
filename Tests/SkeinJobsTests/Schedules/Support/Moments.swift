import Foundation
import SkeinJobs

/// A moment given as UTC, as in `2025-03-30 01:00` or with seconds.
func utc(_ text: String) throws -> Date {
  let full = (text.count == 16 ? text + ":00" : text) + "Z"
  return try Date(full, strategy: Date.ISO8601FormatStyle(dateTimeSeparator: .space))
}

extension JobSchedule {
  /// The next ticks as the clocks of a zone show them: `2025-03-30 03:00 +0200`, in UTC without the offset.
  /// Seconds are left out where there are none.
  func stamps(_ count: Int, after start: Date, in zone: String = "UTC") -> [String] {
    next(count, after: start).map { Self.stamp($0, in: zone) }
  }

  static func stamp(_ date: Date, in zone: String = "UTC") -> String {
    let style = Date.ISO8601FormatStyle(
      dateTimeSeparator: .space, timeZone: TimeZone(identifier: zone) ?? .gmt)
    let text = date.formatted(style)
    let time = text.prefix(19)
    let offset = text.dropFirst(19)
    return (time.hasSuffix(":00") ? time.dropLast(3) : time) + (offset == "Z" ? "" : " \(offset)")
  }
}

/// The error that a body throws, if it is one of a schedule.
func invalidSchedule(_ body: () throws -> some Any) -> InvalidSchedule? {
  do { _ = try body() } catch { return error as? InvalidSchedule }
  return nil
}
