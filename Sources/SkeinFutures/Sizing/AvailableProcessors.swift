internal import CSkein
internal import Glibc

/// How many processors this process can use, and what limits them.
///
/// ```swift
/// let processors = AvailableProcessors.current
/// print(processors.count)  // 2
/// print(processors)        // 2 of 8 processors: the control group /sys/fs/cgroup allows the time of 1.5
/// ```
///
/// A machine may have more processors than a process may run on (its affinity mask, as `taskset` and `docker
/// --cpuset-cpus` set it), and these may be more than the time that its control group grants it (the quota of `docker
/// --cpus`, a Kubernetes limit or systemd's `CPUQuota=`). A pool that is sized by the machine alone is then throttled
/// in each period.
public struct AvailableProcessors: Hashable, Sendable {
  /// What decides how many there are.
  public enum Limit: Hashable, Sendable {
    /// There are no more in the machine.
    case machine
    /// The affinity mask of the thread that asked.
    case affinity
    /// The quota of a control group.
    case quota
  }

  /// How many processors the machine has that are switched on.
  public let online: Int
  /// How many of them the affinity mask allows.
  public let allowed: Int
  /// The narrowest quota of the control groups that the process is in; `nil` when there is none.
  public let quota: ProcessorQuota?

  /// Takes what is known.
  ///
  /// - Parameters:
  ///   - online: how many the machine has; less than one counts as one.
  ///   - allowed: how many the mask allows; `nil` when that is not known.
  ///   - quota: the control groups' quota.
  init(online: Int, allowed: Int?, quota: ProcessorQuota?) {
    self.online = max(1, online)
    self.allowed = max(1, min(allowed ?? self.online, self.online))
    self.quota = quota
  }

  /// How many the process can use: one at least. A part of one that a quota grants counts as one, so that all of the
  /// quota can be used.
  public var count: Int { min(allowed, quotaCount ?? allowed) }

  /// What decides that.
  public var limit: Limit {
    if let quotaCount, quotaCount < allowed { return .quota }
    return allowed < online ? .affinity : .machine
  }

  private var quotaCount: Int? { quota.map { max(1, Int(min($0.processors, 1e6).rounded(.up))) } }

  /// Asks the system, for the calling thread.
  ///
  /// - Complexity: about 0.1 ms: it reads some files of /proc and /sys.
  public static var current: AvailableProcessors {
    let allowed = Int(skein_allowed_processors())
    return AvailableProcessors(
      online: sysconf(Int32(_SC_NPROCESSORS_ONLN)), allowed: allowed > 0 ? allowed : nil,
      quota: quota(reading: readText))
  }

  /// The quota that the files of the system tell.
  static func quota(reading read: (String) -> String?) -> ProcessorQuota? {
    guard let membership = read("/proc/self/cgroup"), let mounts = read("/proc/self/mountinfo") else {
      return nil
    }
    return ControlGroups(membership: membership, mounts: mounts).quota(reading: read)
  }
}

extension AvailableProcessors: CustomStringConvertible {
  /// A phrase for people: how many, and why not more.
  public var description: String {
    let noun = "processor\((limit == .machine ? count : online) == 1 ? "" : "s")"
    return switch limit {
    case .machine: "\(count) \(noun)"
    case .affinity: "\(count) of \(online) \(noun): the affinity mask allows no more"
    case .quota:
      "\(count) of \(online) \(noun): the control group \(quota?.controlGroup ?? "") allows the time of "
        + PoolSizing.text(quota?.processors ?? 0)
    }
  }
}

/// How many processors the process can use.
func processorCount() -> Int { AvailableProcessors.current.count }

/// The text of a file; `nil` when it can not be read.
func readText(of path: String) -> String? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes: [UInt8] = []
  return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
    while true {
      let count = read(file, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count < 0 ? nil : String(decoding: bytes, as: UTF8.self) }
      bytes += buffer.prefix(count)
    }
  }
}
