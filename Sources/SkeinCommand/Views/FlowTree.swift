internal import FoundationEssentials
internal import SkeinJobs

/// The jobs that one is tied to, as a tree: below each job stand those that it waits for.
struct FlowTree {
  /// So many jobs are shown.
  static let most = 200

  var links: [JobLink]
  var jobs: [Int64: JobRecord]
  var inputs: [Int64: Data] = [:]
  /// The job that was asked for.
  var shown: Int64

  /// Finds what a job is tied to; `nil` when that is nothing.
  static func around(_ record: JobRecord, in queue: JobQueue) async throws -> FlowTree? {
    let links = try await queue.store.links(around: record.sequence, limit: most)
    guard !links.isEmpty else { return nil }
    var tree = FlowTree(links: links, jobs: [:], shown: record.sequence)
    for sequence in Set(links.flatMap { [$0.job, $0.needs] }) {
      tree.jobs[sequence] = try await queue.store.job(sequence: sequence)
      tree.inputs[sequence] = try await queue.store.payload(of: sequence)?.kwargs
    }
    return tree
  }

  /// A line of the tree.
  struct Line {
    /// What draws the branches.
    var branch: String
    var sequence: Int64
    /// For which end of it the job above waits.
    var condition: JobDependency.Condition?
    /// Whether what is below it stands further up.
    var isRepeated: Bool
  }

  /// The lines, from the jobs that nobody waits for down.
  var lines: [Line] {
    let needs = Dictionary(grouping: links, by: \.job)
    let needed = Set(links.map(\.needs))
    var lines: [Line] = []
    var seen: Set<Int64> = []
    // A stack and not a recursion, for a chain may be long.
    var open: [(line: Line, indent: String)] = needs.keys.filter { !needed.contains($0) }.sorted().reversed()
      .map {
        (Line(branch: "", sequence: $0, isRepeated: false), "")
      }
    while let (next, indent) = open.popLast() {
      var line = next
      let below = needs[line.sequence] ?? []
      line.isRepeated = !seen.insert(line.sequence).inserted && !below.isEmpty
      lines.append(line)
      guard !line.isRepeated else { continue }
      for (place, link) in below.enumerated().reversed() {
        let isLast = place == below.count - 1
        open.append(
          (
            Line(
              branch: indent + (isLast ? "└─ " : "├─ "), sequence: link.needs, condition: link.condition,
              isRepeated: false),
            indent + (isLast ? "   " : "│  ")
          ))
      }
    }
    return lines
  }

  /// As text; on a terminal no wider than that.
  func text(for terminal: Terminal) -> String {
    let lines = lines.map { line in
      let job = jobs[line.sequence]
      let name = job.map { Text.printable($0.kind.name) } ?? ""
      let state = job?.stateText ?? "not kept any more"
      let notes = [
        line.condition.flatMap(Self.note), line.isRepeated ? "see above" : nil,
        line.sequence == shown ? "this one" : nil,
      ].compactMap(\.self)
      let note = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
      let start = "\(line.branch)\(line.sequence) "
      let end = note + "  " + summary(line.sequence)
      guard terminal.isTerminal else { return start + name + " " + state + end }
      let taken = Text.width(start) + Text.width(state) + 1 + Text.width(name)
      return start + name + " " + terminal.paint(state, job?.state.paint)
        + terminal.paint(Text.cut(end, to: terminal.width - taken), line.sequence == shown ? .bold : nil)
    }
    return lines.joined(separator: "\n") + (jobs.count >= Self.most ? "\n… and more" : "")
  }

  private func summary(_ sequence: Int64) -> String {
    guard let name = jobs[sequence]?.kind.name, let input = inputs[sequence] else { return "" }
    return Text.printable(InputText.summary(name: name, input: input))
  }

  private static func note(_ condition: JobDependency.Condition) -> String? {
    switch condition {
    case .success: nil
    case .end: "whatever its end"
    case .failure: "if it fails"
    case .fallback: "in its place, if it fails"
    }
  }
}
