package import FoundationEssentials
package import SkeinJobs

/// The jobs that one is tied to, as a tree: below each job stand those that it waits for.
package struct FlowTree {
  /// So many jobs are shown.
  package static let most = 200

  package var links: [JobLink]
  package var jobs: [Int64: JobRecord]
  package var inputs: [Int64: Data] = [:]
  /// The job that was asked for.
  package var shown: Int64

  package init(links: [JobLink], jobs: [Int64: JobRecord], inputs: [Int64: Data] = [:], shown: Int64) {
    (self.links, self.jobs, self.inputs, self.shown) = (links, jobs, inputs, shown)
  }

  /// Finds what a job is tied to; `nil` when that is nothing.
  package static func around(_ record: JobRecord, in queue: JobQueue) async throws -> FlowTree? {
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
  package struct Line {
    /// What draws the branches.
    package var branch: String
    package var sequence: Int64
    /// For which end of it the job above waits.
    package var condition: JobDependency.Condition?
    /// Whether what is below it stands further up.
    package var isRepeated: Bool
  }

  /// The lines, from the jobs that nobody waits for down.
  package var lines: [Line] {
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

  /// What is said of a link; nothing of the usual one.
  package static func note(_ condition: JobDependency.Condition) -> String? {
    switch condition {
    case .success: nil
    case .end: "whatever its end"
    case .failure: "if it fails"
    case .fallback: "in its place, if it fails"
    }
  }
}
