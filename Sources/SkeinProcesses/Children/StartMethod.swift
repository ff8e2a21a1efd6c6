/// How a child process comes to be.
public enum StartMethod: String, Codable, Hashable, Sendable, CaseIterable {
  /// The program is executed anew: the child shares nothing with its parent. The safest, and the slowest by some
  /// milliseconds.
  case spawn
  /// A server, which was executed anew once and has done nothing since, forks: the child shares nothing with its parent
  /// either, and there within a millisecond. Environment and working directory are those of the server's start.
  case forkServer
  /// The parent forks. The child has a copy of its memory, but of its threads only the one that forked: tasks never run in
  /// it, and what other threads held at that instant stays as it was. Hence it is refused, with
  /// ``ProcessError/lateFork(threads:)``, once the process has threads that are at work.
  case fork

  /// The methods that this system has.
  public static var available: [StartMethod] { allCases }
  /// The method of who names none.
  public static var standard: StartMethod { .forkServer }
}
