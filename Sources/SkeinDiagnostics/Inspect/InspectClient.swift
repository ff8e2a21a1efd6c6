internal import CSkein
internal import Glibc
internal import SkeinSync

/// Asks other processes of this machine for their graphs.
package enum InspectClient {
  /// A process that can be asked.
  package struct Target: Hashable, Sendable {
    package var process: Int32
    /// What the kernel calls it.
    package var name: String
  }

  /// More than this is no graph.
  private static let longestAnswer = 256 << 20

  /// The graph of a process, in a form.
  ///
  /// - Parameter timeout: how long the process may take to say something.
  /// - Throws: ``InspectError`` that says what to do.
  package static func ask(
    _ process: Int32, for form: InspectForm, timeout: Duration = .seconds(5)
  ) throws(InspectError) -> String {
    let user = try owner(of: process)
    let socket = try connect(to: process, of: user)
    defer { close(socket) }
    let request = Array("\(form.rawValue)\n".utf8)
    guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      throw .system("process \(process) can not be asked", errno)
    }
    return try readAnswer(socket, process, timeout)
  }

  /// The processes of this user that can be asked.
  package static func targets() -> [Target] {
    var found: Set<Int32> = []
    for path in InspectDirectory.candidates(for: geteuid()) {
      guard let directory = try? InspectDirectory(opening: path, ownedBy: geteuid()) else { continue }
      for process in directory.processes() {
        guard case .success(let socket) = directory.connect(to: process) else { continue }
        close(socket)
        found.insert(process)
      }
    }
    return found.sorted().map { process in
      let name = ProcFile.read("/proc/\(process)/comm")?.prefix { $0 != "\n" }
      return Target(process: process, name: name.map(String.init) ?? "")
    }
  }

  private static func owner(of process: Int32) throws(InspectError) -> uid_t {
    guard process > 0, let user = InspectDirectory.owner(of: "/proc/\(process)") else {
      throw InspectError(.noSuchProcess, "there is no process \(process)")
    }
    guard user == geteuid() || geteuid() == 0 else {
      throw InspectError(
        .notAllowed, "process \(process) belongs to user \(user): only that user and root can inspect it")
    }
    return user
  }

  private static func connect(to process: Int32, of user: uid_t) throws(InspectError) -> Int32 {
    var obstacle: InspectError?
    for path in InspectDirectory.candidates(for: user) {
      guard InspectDirectory.owner(of: path) != nil else { continue }
      do throws(InspectError) {
        let directory = try InspectDirectory(opening: path, ownedBy: user)
        switch directory.connect(to: process) {
        case .success(let socket):
          if isServed(socket, by: process, user) { return socket }
          close(socket)
        case .failure(EAGAIN): throw .noAnswer(from: process)
        case .failure: continue
        }
      } catch {
        obstacle = error
      }
    }
    throw obstacle
      ?? InspectError(
        .notInspectable,
        "process \(process) can not be inspected: it is no Skein program, or has not started its diagnosis; "
          + "call Diagnostics.start() of SkeinDiagnostics at the top of its main")
  }

  /// Whether the process that listens is the one that is meant.
  private static func isServed(_ socket: Int32, by process: Int32, _ user: uid_t) -> Bool {
    var (listener, owner) = (pid_t(), uid_t())
    return skein_peer(socket, &listener, &owner) == 0 && owner == user && listener == process
  }

  private static func readAnswer(
    _ socket: Int32, _ process: Int32, _ timeout: Duration
  ) throws(InspectError) -> String {
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while answer.count < longestAnswer {
      var request = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let ready = poll(&request, 1, Int32(clamping: timeout.saturatingNanoseconds / 1_000_000))
      if ready == 0 { throw .noAnswer(from: process) }
      let count = ready < 0 ? -1 : read(socket, &buffer, buffer.count)
      if count == 0 { break }
      guard count > 0 || errno == EINTR || errno == EAGAIN else {
        throw .system("the answer of process \(process) can not be read", errno)
      }
      answer += buffer.prefix(max(0, count))
    }
    guard answer.popLast() == InspectConversation.end else {
      throw InspectError(.noAnswer, "the answer of process \(process) broke off; ask again")
    }
    return String(decoding: answer, as: UTF8.self)
  }
}
