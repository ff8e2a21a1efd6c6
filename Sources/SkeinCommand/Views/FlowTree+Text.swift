internal import SkeinJobForms
internal import SkeinJobs

extension FlowTree {
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
}
