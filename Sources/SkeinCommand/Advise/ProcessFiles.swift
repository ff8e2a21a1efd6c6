internal import Glibc

/// What the kernel tells about processes under /proc.
///
/// - Source: man 5 proc; Documentation/scheduler/sched-stats.rst of the kernel.
enum ProcessFiles {
  /// A process and all that descend from it, at this moment. One whose parent has ended is not found any more.
  static func tree(of root: pid_t) -> [pid_t] {
    var children: [pid_t: [pid_t]] = [:]
    for process in numbers(in: "/proc") {
      if let parent = parent(of: process) { children[parent, default: []].append(process) }
    }
    var tree = [root]
    var next = 0
    while next < tree.count {
      tree += children[tree[next]] ?? []
      next += 1
    }
    return tree
  }

  /// The threads of a process, with what each has used.
  static func threads(of process: pid_t) -> [ThreadTally.Key: ThreadTally.Reading] {
    let readings = numbers(in: "/proc/\(process)/task").map { thread in
      (
        ThreadTally.Key(process: process, thread: thread),
        text("/proc/\(process)/task/\(thread)/schedstat").flatMap(ThreadTally.Reading.init) ?? .init()
      )
    }
    return Dictionary(readings) { first, _ in first }
  }

  /// The most memory that a process has had at once, in bytes; `nil` for one that has ended.
  static func peakMemory(of process: pid_t) -> Int? {
    guard let status = text("/proc/\(process)/status"),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
    else { return nil }
    return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
  }

  /// The name in a stat file is in parentheses, and may have any character; the parent comes second after it.
  private static func parent(of process: pid_t) -> pid_t? {
    guard let stat = text("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[end...].split(separator: " ")
    return fields.count > 2 ? pid_t(fields[2]) : nil
  }

  private static func numbers(in directory: String) -> [pid_t] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var numbers: [pid_t] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let number = pid_t(name) { numbers.append(number) }
    }
    return numbers
  }

  /// The beginning of a file, as much as these ever have.
  private static func text(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      let count = read(file, buffer.baseAddress, buffer.count)
      return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
  }
}
