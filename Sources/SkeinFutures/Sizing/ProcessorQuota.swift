/// How many processors' time a control group of the kernel lets its processes use.
public struct ProcessorQuota: Hashable, Sendable {
  /// Processors, of which there may be a part: 1.5.
  public let processors: Double
  /// The directory of the control group that sets it: the process' own one, or one above.
  public let controlGroup: String
}

/// The directories of the control groups that a process is in, and what they say.
///
/// - Source: man 7 cgroups, man 5 proc_pid_mountinfo; Documentation/admin-guide/cgroup-v2.rst (`cpu.max`) and
///   Documentation/scheduler/sched-bwc.rst (`cpu.cfs_quota_us`) of the kernel.
struct ControlGroups: Equatable {
  /// What the files of a group are called.
  enum Version: Equatable {
    case one, two
  }

  struct Group: Equatable {
    var version: Version
    var directory: String
  }

  /// The group of the process in each hierarchy that can limit processors, and those above it, from the inside out.
  var groups: [Group] = []

  /// - Parameters:
  ///   - membership: what /proc/self/cgroup has.
  ///   - mounts: what /proc/self/mountinfo has.
  init(membership: String, mounts: String) {
    let paths = Self.paths(membership)
    for mount in mounts.split(separator: "\n").compactMap(Mount.init) {
      guard let path = mount.version == .two ? paths.two : paths.one else { continue }
      for directory in mount.directories(downTo: path) {
        groups.append(Group(version: mount.version, directory: directory))
      }
    }
  }

  /// Lines as “4:cpu,cpuacct:/path” and, for version 2, “0::/path”.
  private static func paths(_ membership: String) -> (one: String?, two: String?) {
    var paths: (one: String?, two: String?)
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      if fields[0] == "0", fields[1].isEmpty {
        paths.two = String(fields[2])
      } else if fields[1].split(separator: ",").contains("cpu") {
        paths.one = String(fields[2])
      }
    }
    return paths
  }

  /// The narrowest quota; `nil` when there is none.
  ///
  /// - Parameter read: the text of a file; `nil` when it can not be read.
  func quota(reading read: (String) -> String?) -> ProcessorQuota? {
    groups.compactMap { group in
      Self.processors(of: group, read).map {
        ProcessorQuota(processors: $0, controlGroup: group.directory)
      }
    }.min { $0.processors < $1.processors }
  }

  private static func processors(of group: Group, _ read: (String) -> String?) -> Double? {
    switch group.version {
    case .two:
      // “150000 100000”, or “max 100000”.
      let fields = read(group.directory + "/cpu.max")?.split { $0.isWhitespace } ?? []
      guard fields.count == 2 else { return nil }
      return processors(quota: fields[0], period: fields[1])
    case .one:
      guard let quota = read(group.directory + "/cpu.cfs_quota_us"),
        let period = read(group.directory + "/cpu.cfs_period_us")
      else { return nil }
      return processors(quota: quota[...], period: period[...])
    }
  }

  /// `nil` for no limit, which is “max” or -1, and for what is no number.
  private static func processors(quota: Substring, period: Substring) -> Double? {
    guard let quota = Int64(quota.filter { !$0.isWhitespace }),
      let period = Int64(period.filter { !$0.isWhitespace }), quota > 0, period > 0
    else { return nil }
    return Double(quota) / Double(period)
  }
}

/// A hierarchy of control groups, as it is mounted.
private struct Mount {
  var version: ControlGroups.Version
  /// Which part of the hierarchy is mounted.
  var root: String
  var point: String

  /// A line as “32 31 0:29 /root /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu”.
  init?(_ line: Substring) {
    let fields = line.split(separator: " ")
    guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else { return nil }
    switch fields[dash + 1] {
    case "cgroup2": version = .two
    case "cgroup" where fields[dash + 3].split(separator: ",").contains("cpu"): version = .one
    default: return nil
    }
    root = Self.unescaped(fields[3])
    point = Self.unescaped(fields[4])
  }

  /// The directory of a group and those above it, as far as they are mounted.
  func directories(downTo path: String) -> [String] {
    var steps = path.split(separator: "/")
    let rootSteps = root.split(separator: "/")
    // In a container the whole path may be told where only its end is mounted. A group that lies outside of what is
    // mounted (“/../other”) can not be seen; the mounted root is the best that can be.
    if steps.starts(with: rootSteps) { steps.removeFirst(rootSteps.count) } else { steps = [] }
    if steps.contains("..") { steps = [] }
    return (0...steps.count).reversed().map { count in
      ([point == "/" ? "" : point] + steps.prefix(count).map(String.init)).joined(separator: "/")
    }
  }

  /// Spaces and the like are written as “\040”.
  private static func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
