internal import Glibc
internal import SkeinSync

/// The process that asks: what it is called, and whose child it is.
public struct CurrentProcess: Hashable, Sendable {
  /// Its name: that with which it was started; "main" in a process that is no child.
  public let name: String
  /// The id of the process that started it; of a process that is no child, the system's answer.
  public let parentProcessID: Int32
  /// Whether it is ended with its parent, without being waited for.
  public let isDaemon: Bool
  /// How it was started; `nil` in a process that is no child.
  public let startMethod: StartMethod?

  /// Its id.
  public var processID: Int32 { getpid() }
  /// Whether it was started by ``ChildProcess``.
  public var isChild: Bool { startMethod != nil }

  /// What is true of the process that asks.
  public static var current: CurrentProcess {
    role.withLock { $0 }
      ?? CurrentProcess(name: "main", parentProcessID: getppid(), isDaemon: false, startMethod: nil)
  }

  private static let role = Lock<CurrentProcess?>(nil, internalTo: "CurrentProcess")

  static func become(_ start: ChildStart) {
    let process = CurrentProcess(
      name: start.name, parentProcessID: start.parentProcessID, isDaemon: start.isDaemon,
      startMethod: start.method)
    role.withLock { $0 = process }
  }
}
