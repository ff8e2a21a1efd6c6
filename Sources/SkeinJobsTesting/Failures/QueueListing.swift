internal import FoundationEssentials
internal import SkeinJobs

/// What is in a queue, as text for the message of a failure.
struct QueueListing: CustomStringConvertible {
  /// So many jobs are listed.
  private static let most = 20
  /// So many characters of an input are shown.
  private static let longestInput = 200

  private let pending: [String]
  private let ended: [String]

  init(_ entries: [MemoryJobStore.Entry], paused: Set<String>, knows: [String: Int]) {
    pending = entries.filter(\.record.isPending).map { record, payload in
      var notes = ["queue '\(record.queue)'", "priority \(record.priority)", Self.standing(record)]
      if paused.contains(record.queue) { notes.append("its queue is paused") }
      if record.isHeld { notes.append("a limit holds it back") }
      if knows[record.kind.name] == nil { notes.append("the bench does not know the type") }
      let input = String(decoding: payload.kwargs, as: UTF8.self)
      let shown = input.count > Self.longestInput ? input.prefix(Self.longestInput) + "…" : input[...]
      return "\(record.sequence). \(record.kind.name) \(shown): \(notes.joined(separator: ", "))"
    }
    let groups = Dictionary(grouping: entries.map(\.record).filter(\.state.isFinished)) {
      "\($0.kind.name) \($0.state.name)"
    }
    ended = groups.sorted { $0.key < $1.key }.map { "\($0.value.count) × \($0.key)" }
  }

  private static func standing(_ record: JobRecord) -> String {
    switch record.state {
    case .scheduled: "scheduled for \(record.life.runAt.formatted(.iso8601))"
    case .waiting: "waiting for other jobs"
    default: record.state.name
    }
  }

  var description: String {
    var lines = [pending.isEmpty ? "Nothing waits in the queue." : "In the queue:"]
    lines += pending.prefix(Self.most).map { "  " + $0 }
    if pending.count > Self.most { lines.append("  … and \(pending.count - Self.most) more") }
    if !ended.isEmpty { lines.append("Ended: " + ended.joined(separator: ", ")) }
    return lines.joined(separator: "\n")
  }
}
