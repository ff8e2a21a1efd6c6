extension JobOrder {
  /// The order in SQL, over the tables that ``JobRows`` joins.
  ///
  /// - Parameter isSorted: whether to sort what the filter finds, instead of going through all jobs in their
  ///   order.
  func clause(isSorted: Bool) -> String {
    let number = "\(isSorted ? "+" : "")j.sequence \(isReversed ? "ASC" : "DESC")"
    let direction = key.isDescending == isReversed ? "ASC" : "DESC"
    let value: String
    switch key {
    case .number: return "ORDER BY " + number
    case .enqueued: value = "j.enqueued_at"
    case .started: value = "j.started_at"
    case .ended: value = "j.finished_at"
    case .ran: value = "j.finished_at - j.started_at"
    case .priority: value = "j.priority"
    case .attempts: value = "j.attempts"
    case .name: value = "k.name"
    case .queue: value = "q.name"
    case .state: value = "j.state"
    }
    return "ORDER BY \(value) \(direction) NULLS LAST, " + number
  }
}
