/// In which order a worker asks its queues: each is first as often as its weight says, evenly spread.
///
/// - Source: the smooth weighted round robin of nginx.
struct QueueRotation {
  private var shares: [(name: String, weight: Int, credit: Int)]

  init(_ queues: [WorkerOptions.QueueShare]) {
    shares = queues.map { ($0.name, $0.weight, 0) }
  }

  /// The queues for the next claim, first the one whose turn it is; `nil` when the worker serves all queues.
  mutating func next() -> [String]? {
    guard !shares.isEmpty else { return nil }
    for index in shares.indices { shares[index].credit += shares[index].weight }
    shares.sort { $0.credit > $1.credit }
    shares[0].credit -= shares.reduce(0) { $0 + $1.weight }
    return shares.map(\.name)
  }
}
