internal import FoundationEssentials
internal import SkeinJobForms

extension ScheduleText {
  /// A time as a cell: how far it is.
  static func cell(_ tick: Date?) -> Table.Cell {
    guard let tick else { return .init("") }
    return .init(TimeText.distance(to: tick), exact: TimeText.exact(tick))
  }
}
