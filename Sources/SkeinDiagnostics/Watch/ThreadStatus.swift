internal import Glibc
internal import SkeinSync

/// What the kernel says about a thread of this process.
struct ThreadStatus: Sendable, Equatable {
  var id: UInt32
  var name: String
  /// R runs, S sleeps, D waits for a device; see proc(5).
  var state: Character
  /// Where in the kernel it sleeps, if the kernel tells.
  var waitChannel: String?

  /// What the state means, in words.
  var stateText: String {
    switch state {
    case "R": "runs"
    case "S": "sleeps"
    case "D": "waits for a device"
    case "T", "t": "is stopped"
    case "Z", "X": "has ended"
    default: "is in state \(state)"
    }
  }

  /// Reads a line of `/proc/self/task/ID/stat`: "ID (NAME) STATE …", where the name may have any character.
  init?(stat: String, waitChannel: String) {
    guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close,
      let id = UInt32(stat[..<open].filter { $0 != " " }),
      let state = stat[stat.index(after: close)...].first(where: { $0 != " " })
    else { return nil }
    self.id = id
    self.state = state
    name = String(stat[stat.index(after: open)..<close])
    self.waitChannel = waitChannel.isEmpty || waitChannel == "0" ? nil : waitChannel
  }

  /// All threads of this process, by their ids.
  static func all() -> [ThreadStatus] {
    ProcFile.names(in: "/proc/self/task").compactMap { UInt32($0) }.sorted().compactMap { id in
      let directory = "/proc/self/task/\(id)"
      guard let stat = ProcFile.read("\(directory)/stat") else { return nil }
      return ThreadStatus(stat: stat, waitChannel: ProcFile.read("\(directory)/wchan") ?? "")
    }
  }
}

/// Small files and directories of the kernel's.
enum ProcFile {
  /// At most four kilobytes of a file; `nil` when it can not be read.
  static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(file, &bytes, bytes.count)
    return count >= 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }

  /// What is in a directory; nothing when it can not be read.
  static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}

/// A stall of the cooperative pool, for people.
struct StallText: CustomStringConvertible {
  var age: Duration
  var threads: [ThreadStatus]
  var graph: WaitGraph

  var description: String {
    let pool = threads.filter { CooperativePool.isMember(name: $0.name) }
    let heading =
      "Stall: for \(age.forPeople) no task could run on the cooperative pool, "
      + (pool.isEmpty ? "which has no threads." : "whose threads are:")
    return ([heading] + pool.map(line)).joined(separator: "\n")
  }

  private func line(_ thread: ThreadStatus) -> String {
    let start = "  thread “\(thread.name)” (\(thread.id)) \(thread.stateText)"
    guard let wait = graph.waits.first(where: { $0.party == Party(kind: .thread, id: UInt64(thread.id)) })
    else {
      return start + (thread.waitChannel.map { " in \($0)" } ?? "")
    }
    let task = wait.runningTask.map { " in \($0)" } ?? ""
    return start + ", blocked at \(wait.place)\(task), waiting for \(wait.object)"
  }
}
