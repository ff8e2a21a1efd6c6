internal import Glibc
internal import SkeinThreads
internal import SystemPackage

/// The processes that a command started and that did not leave its group.
///
/// - Invariant: it is used only while the leader is running or a zombie, so that the kernel can not have
///   given the number to another group.
struct ProcessGroup: Sendable {
  let leader: pid_t

  /// Sends a signal to every member; no member is no error.
  func send(_ signal: Int32) {
    kill(-leader, signal)
  }

  /// Asks every member to end; a stopped one is woken, for otherwise it would not see the signal.
  func terminate() {
    send(SIGTERM)
    send(SIGCONT)
  }

  /// Calls `body` when the leader has exited, and leaves it to be reaped by others.
  ///
  /// A thread of its own waits, because swift-subprocess tells of the exit only after it has reaped the
  /// process, when the group's number may be anybody's. When the system gives no thread, the group is killed: nobody
  /// could end it in an orderly way.
  func onLeaderExit(_ body: @escaping @Sendable () -> Void) {
    let leader = id_t(leader)
    do {
      _ = try OSThread.start(name: "skein-command", isDaemon: true) {
        var information = siginfo_t()
        while waitid(P_PID, leader, &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        body()
      }
    } catch {
      send(SIGKILL)
      body()
    }
  }

  /// Whether a member is left that is no zombie.
  ///
  /// - Complexity: linear in the number of processes in the system.
  var hasLivingMembers: Bool {
    let processes = (try? names(inDirectory: "/proc")) ?? []
    return processes.contains { name in
      name.string.utf8.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } == true
        && Self.livingGroup(of: name) == leader
    }
  }

  /// The group of a process, `nil` when it is a zombie or gone (man 5 proc_pid_stat: `pid (name) state ppid
  /// pgrp ...`, where the name may have anything in it).
  private static func livingGroup(of process: FilePath.Component) -> pid_t? {
    let path = FilePath("/proc").appending(process).appending("stat")
    guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
    defer { try? file.close() }  // Nothing was written, so nothing can be lost.
    let text = try? [UInt8](unsafeUninitializedCapacity: 512) { $1 = try file.read(into: .init($0)) }
    guard let text, let nameEnd = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = text[nameEnd...].split(separator: UInt8(ascii: " "), maxSplits: 4)
    guard fields.count > 3, ![UInt8(ascii: "Z"), UInt8(ascii: "X")].contains(fields[1].first) else {
      return nil
    }
    return pid_t(String(decoding: fields[3], as: UTF8.self))
  }
}
