import Foundation

/// A process and those below it, as /proc shows them at one moment.
struct ProcessFamily {
  private struct Member {
    var id: Int32
    /// In the system's ticks since it began: a number that is given to another process later has another.
    var start: Substring
  }

  private let members: [Member]

  init(of id: Int32) {
    let all = Self.allStatistics
    var members: [Member] = all[id].map { [Member(id: id, start: $0[19])] } ?? []
    var index = 0
    while index < members.count {
      let parent = Substring("\(members[index].id)")
      members += all.filter { $0.value[1] == parent }.map { Member(id: $0.key, start: $0.value[19]) }
      index += 1
    }
    self.members = members
  }

  private static var allStatistics: [Int32: [Substring]] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let ids = names.compactMap { Int32($0) }
    return Dictionary(uniqueKeysWithValues: ids.compactMap { id in statistics(of: id).map { (id, $0) } })
  }

  /// What is behind the name in /proc/ID/stat: the state first.
  private static func statistics(of id: Int32) -> [Substring]? {
    guard let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    return text[text.index(after: end)...].split(separator: " ")
  }

  private var statistics: [[Substring]] { members.compactMap { Self.statistics(of: $0.id) } }

  /// Mebibytes of memory that they hold.
  var residentMemory: Double {
    let pages = statistics.compactMap { Int($0[21]) }.reduce(0, +)
    return Double(pages) * 4096 / 1_048_576
  }

  /// Seconds of processor time that they have used.
  var processorTime: Double {
    let ticks = statistics.map { (Int($0[11]) ?? 0) + (Int($0[12]) ?? 0) }.reduce(0, +)
    return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Kills those that are still there.
  func kill() {
    for member in members where Self.statistics(of: member.id)?[19] == member.start {
      Foundation.kill(member.id, SIGKILL)
    }
  }
}
