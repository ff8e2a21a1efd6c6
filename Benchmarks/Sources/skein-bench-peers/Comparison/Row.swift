/// A line of a table: one figure of one case.
struct Row {
  enum Figure: String, Codable {
    case nanoseconds = "ns"
    case bytes
  }

  /// The name of Skein's case.
  let name: String
  let family: Family
  /// The name of the peers' case.
  let peerName: String
  let figure: Figure

  init(name: String, family: Family, peerName: String? = nil, figure: Figure = .nanoseconds) {
    self.name = name
    self.family = family
    self.peerName = peerName ?? name
    self.figure = figure
  }

  var title: String { figure == .bytes ? "\(name), bytes" : name }

  /// The name of a system's case.
  func name(for system: System.ID) -> String { system == .skein ? name : peerName }

  /// Whether the name contains the pattern, or, where the pattern has asterisks, is as it says.
  func matches(_ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return name.contains(pattern) }
    var rest = name[...]
    guard rest.hasPrefix(parts[0]) else { return false }
    rest.removeFirst(parts[0].count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(parts.last!)
  }
}
