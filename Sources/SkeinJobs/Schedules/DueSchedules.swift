public import struct FoundationEssentials.Date

/// What has become of the ticks that had come up.
public struct DueSchedules: Hashable, Sendable {
  /// How many jobs were enqueued.
  public var count = 0
  /// When it has to be looked at next; `nil` when no tick comes any more.
  public var next: Date?
  /// Schedules that were due and that this program can not read, by name: another version has written them, and a worker
  /// of that version has to follow them.
  public var unreadable: [String] = []

  /// Creates an empty value.
  public init() {}

  /// Creates a value.
  public init(count: Int, next: Date?) {
    self.count = count
    self.next = next
  }
}
