internal import CSkein
internal import Glibc
internal import SkeinSync

/// A process that was executed anew, has done nothing, and forks whenever it is asked: children come from it, and never
/// from a process with threads.
///
/// - Invariant: it ends when nobody refers to it any more, and with this process.
final class ForkServer: Sendable {
  /// What a new child is known by.
  struct Child {
    let processID: Int32
    /// Becomes readable when the process ends.
    let process: OwnedDescriptor
    /// On which the server tells how it ended.
    let line: OwnedDescriptor
    /// Is kept: nobody else could tell that.
    let server: ForkServer
  }

  /// How long an answer may take: a fork takes far less than a millisecond, an execution some.
  private static let patience = Duration.seconds(60)

  private let socket: OwnedDescriptor
  private let forks = skein_fork_count()

  private init(of program: ChildProgram) throws(ProcessError) {
    let (mine, theirs) = try OwnedDescriptor.makeProcessLine()
    socket = mine
    let process = try Spawning(program: program, role: .server, control: theirs, errors: nil).start()
    process.reapInTime()
  }

  /// What servers are told apart by: each keeps the environment that it was started with.
  private struct Key: Hashable, Sendable {
    let executable: String
    let environment: [String: String]
  }

  private static let running = Lock<[Key: ForkServer]>([:], internalTo: "ForkServer")

  /// Has a server of the executable fork; it is started if there is none.
  ///
  /// - Parameters:
  ///   - control: the child's end of its line to this process.
  ///   - errors: what is to be its standard error; `nil` for that of the server.
  @available(*, noasync)
  static func fork(
    _ program: ChildProgram, control: OwnedDescriptor, errors: OwnedDescriptor?
  ) throws(ProcessError) -> Child {
    let key = Key(executable: program.executable, environment: program.environment)
    // One that has ended since is found out when it does not answer; a new one does, or there is none. Two that are made
    // at the same time both serve, the one until its children have ended.
    if let server = running.withLock({ $0[key] }), server.forks == skein_fork_count(),
      let child = try server.fork(control: control, errors: errors)
    {
      return child
    }
    let server = try ForkServer(of: program)
    let former = running.withLock { $0.updateValue(server, forKey: key) }
    withExtendedLifetime(former) {}
    guard let child = try server.fork(control: control, errors: errors) else {
      throw .noChild(executable: program.executable)
    }
    return child
  }

  /// Has the server fork; `nil` when it has ended.
  @available(*, noasync)
  private func fork(control: OwnedDescriptor, errors: OwnedDescriptor?) throws(ProcessError) -> Child? {
    guard let line = try ask(control, errors) else { return nil }
    let deadline = MonotonicClock().now.advanced(by: Self.patience)
    let identity = ObjectIdentity("ForkServer", name: nil, place: SourcePlace())
    var (word, sent, received) = (Int32(0), 0, [Int32](repeating: -1, count: Int(SKEIN_MAX_DESCRIPTORS)))
    while true {
      let size = skein_receive(line.rawValue, &word, MemoryLayout<Int32>.size, &received, &sent)
      if size == MemoryLayout<Int32>.size { break }
      guard size == -Int(EAGAIN) || size == -Int(EINTR) else { return nil }
      let ready = DescriptorWait.ready(
        among: [(line.rawValue, .reading)], until: deadline, for: identity, at: SourcePlace())
      if ready.isEmpty { return nil }
    }
    guard word > 0 else { throw .outOfResources(-word) }
    let process = sent > 0 ? OwnedDescriptor(owning: received[0]) : try OwnedDescriptor(ofProcess: word)
    return Child(processID: word, process: process, line: line, server: self)
  }

  /// Sends a request; returns this process' end of the new child's line, whose other end the server alone has.
  private func ask(_ control: OwnedDescriptor, _ errors: OwnedDescriptor?) throws(ProcessError)
    -> OwnedDescriptor?
  {
    let (line, theirs) = try OwnedDescriptor.makeProcessLine()
    let sent = [control.rawValue, theirs.rawValue] + (errors.map { [$0.rawValue] } ?? [])
    var byte: UInt8 = 0
    let count = skein_send(socket.rawValue, &byte, 1, nil, 0, sent, sent.count)
    withExtendedLifetime((control, theirs, errors)) {}
    return count == 1 ? line : nil
  }
}
