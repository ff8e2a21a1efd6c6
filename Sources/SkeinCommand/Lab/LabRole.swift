internal import ArgumentParser
internal import Glibc

/// What a process of the lab is there for: each of these spoils it, or ends with it.
enum LabRole: String, ExpressibleByArgument {
  /// Two threads wait for each other for ever.
  case deadlock
  /// Two locks are taken in either order, one after the other.
  case inversion
  /// A thread takes a lock that it holds.
  case reentry
  /// Threads change a dictionary without a lock.
  case dictionary
  /// A daemon goes on for ever.
  case daemon
  /// A thread that is no daemon has something to do yet.
  case noDaemon = "no-daemon"

  /// Whether it goes on living once it has closed its output.
  var staysAlive: Bool { self == .deadlock }

  /// Plays it. Whatever comes, the process ends within half a minute, without a core dump.
  func perform() async throws {
    alarm(30)
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    switch self {
    case .deadlock: try await DeadlockRole.perform()
    case .inversion: try await InversionRole.perform()
    case .reentry: RecursiveLockExperiment.takeAgain()
    case .daemon: try await MonitorRole.perform(isDaemon: true)
    case .noDaemon: try await MonitorRole.perform(isDaemon: false)
    case .dictionary: try await DictionaryExperiment.countUnsynchronised()
    }
  }
}
