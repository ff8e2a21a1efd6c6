internal import SkeinSync

extension WaitGraph {
  /// The graph in the language of Graphviz, for `dot -Tsvg`: threads and tasks are boxes, objects ellipses;
  /// what belongs to a deadlock is red, what is assumed dashed.
  ///
  /// - Complexity: O(waits + holders).
  public var graphviz: String {
    let edges = edges
    let red = Set(edges.filter(\.isInDeadlock).flatMap { [$0.from, $0.to] })
    var lines = ["digraph waits {", "  rankdir=LR;", "  node [fontname=\"sans-serif\"];"]
    lines += partyNodes(edges).map {
      "  \($0.id) [shape=box, label=\(quoted($0.label))\(paint($0.isRed(red)))];"
    }
    lines += objects.map { object in
      let label = ["\(object)", object.state].filter { !$0.isEmpty }.joined(separator: "\n")
      let node = Node.object(object.id)
      return "  \(node.graphvizID) [shape=ellipse, label=\(quoted(label))\(paint(red.contains(node)))];"
    }
    lines += edges.map(line)
    return lines.joined(separator: "\n") + "\n}\n"
  }

  private struct PartyNode {
    var node: Node
    var label: String
    var id: String { node.graphvizID }
    func isRed(_ red: Set<Node>) -> Bool { red.contains(node) }
  }

  private func partyNodes(_ edges: [Edge]) -> [PartyNode] {
    var tasks: [Party: Party] = [:]
    for wait in waits { tasks[wait.party] = wait.runningTask }
    return parties.map { party in
      PartyNode(node: .party(party), label: "\(party)" + (tasks[party].map { "\nrunning \($0)" } ?? ""))
    }
  }

  private func line(_ edge: Edge) -> String {
    let verb = edge.kind == .waitsFor ? "waits" : edge.isAssumed ? "used by" : "held by"
    let label = edge.place.map { "\(verb)\n\($0)" } ?? verb
    let style = edge.isAssumed ? ", style=dashed" : ""
    return "  \(edge.from.graphvizID) -> \(edge.to.graphvizID) [label=\(quoted(label))\(style)"
      + "\(paint(edge.isInDeadlock))];"
  }

  private func paint(_ isRed: Bool) -> String { isRed ? ", color=red, fontcolor=red" : "" }

  /// A string of the language: quotes and backslashes are escaped, lines are centred, and what a terminal or
  /// an XML file could not bear is replaced.
  private func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar -> String in
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\n": "\\n"
      case _ where scalar.properties.generalCategory == .control: "\u{fffd}"
      default: String(scalar)
      }
    }
    return "\"" + escaped.joined() + "\""
  }
}

extension WaitGraph.Node {
  fileprivate var graphvizID: String {
    switch self {
    case .party(let party): "\(party.kind.rawValue)_\(party.id)"
    case .object(let id): "object_\(id)"
    }
  }
}
