internal import Glibc
internal import Logging

/// How many descriptors the process may have open.
enum DescriptorLimit {
  /// What a program needs besides the connections of a server.
  private static let others = 256

  /// Raises the limit, if it is too low for so many connections, as far as the system allows; tells when that is not enough.
  static func raise(forConnections count: Int, _ logger: Logger) {
    var limit = rlimit()
    let needed = rlim_t(count + others)
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < needed else {
      return
    }
    limit.rlim_cur = min(needed, limit.rlim_max)
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    guard limit.rlim_cur < needed else { return }
    logger.warning(
      """
      the system allows \(limit.rlim_cur) open files, which is too few for \(count) connections: those beyond wait; \
      'ulimit -n \(needed)', or LimitNOFILE of the service, allows more
      """)
  }
}
