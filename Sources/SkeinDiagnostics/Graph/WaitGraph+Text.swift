internal import SkeinSync

extension WaitGraph: CustomStringConvertible {
  /// The graph for people: deadlocks first, then everything that waits, by object, longest first.
  public var description: String {
    let parts = deadlocks.map(\.description) + [overview] + groups.map(text)
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// So many of those who wait for one object are shown; the JSON form has all.
  private static let mostShown = 20

  private var overview: String {
    let waiting = waits.isEmpty ? "Nothing waits." : "\(counted(waits.count, "wait")), longest first:"
    guard busySources > 0 else { return waiting }
    return waiting + "\n(\(counted(busySources, "object")) in use at this instant could not be read.)"
  }

  /// The waits of one object.
  private struct Group {
    var object: ObservedObject
    var waits: [ObservedWait]
  }

  private var groups: [Group] {
    let byObject = Dictionary(grouping: waits) { $0.object.id }
    return objects.map { Group(object: $0, waits: byObject[$0.id] ?? []) }
  }

  private func text(_ group: Group) -> String {
    let heading = ["\(group.object)", group.object.state, holders(group.object)].filter { !$0.isEmpty }
    let lines = group.waits.prefix(Self.mostShown).map { wait in
      let limit = wait.isTimed ? " (until a deadline)" : ""
      let purpose = wait.purpose.isEmpty ? "" : " " + wait.purpose
      return "  \(wait.waiterText) waits for \(age(of: wait)) at \(wait.place)\(purpose)\(limit)"
    }
    let rest = group.waits.count - lines.count
    let more = rest > 0 ? ["  and \(rest) more"] : []
    return ([heading.joined(separator: ", ")] + lines + more).joined(separator: "\n")
  }

  private func holders(_ object: ObservedObject) -> String {
    let known = object.holders.known
    guard !known.isEmpty else { return "" }
    let names = known.prefix(Self.mostShown).map { holder in
      "\(holder.party)" + (holder.place.map { " (taken at \($0))" } ?? "")
    }
    let rest = known.count - names.count
    return "held by " + (names + (rest > 0 ? ["\(rest) more"] : [])).joined(separator: ", ")
  }

  private func age(of wait: ObservedWait) -> String { wait.since.duration(to: instant).forPeople }

  private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

extension Duration {
  /// A span as people say it: "12 ms", "3.2 s", "2 min 5 s", "3 h 4 min".
  var forPeople: String {
    let milliseconds = max(0, saturatingNanoseconds / 1_000_000)
    let seconds = milliseconds / 1000
    return switch seconds {
    case 0: "\(milliseconds) ms"
    case 1..<60: "\(seconds).\(milliseconds % 1000 / 100) s"
    case 60..<3600: "\(seconds / 60) min \(seconds % 60) s"
    default: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }
  }
}
