internal import CSkein
internal import Glibc
internal import Synchronization

/// The socket on which this process can be asked for its graph.
///
/// A request is a line, `text`, `dot` or `json`; the answer follows, and a zero byte, then the connection ends.
final class InspectSocket: Sendable {
  let descriptor: Int32
  private let directory: InspectDirectory
  private let process = getpid()
  private let isRemoved = Atomic(false)

  /// Listens in a directory, which is made if it is missing.
  ///
  /// - Throws: ``InspectError`` as ``InspectDirectory`` does.
  init(in path: String = InspectDirectory.path()) throws(InspectError) {
    let directory = try InspectDirectory(makingAt: path)
    directory.removeStale()
    let name = InspectDirectory.socketName(of: process)
    switch directory.connect(to: process) {
    // Left by a process that had this number before and was killed.
    case .failure(ECONNREFUSED): directory.remove(name)
    // A process of another namespace has the number too, and the name is taken, as listening says.
    case .success(let connection): close(connection)
    case .failure: break
    }
    descriptor = try directory.listen(as: name)
    self.directory = directory
  }

  deinit {
    remove()
    close(descriptor)
  }

  /// Takes the socket's name away, once: whoever knows it from before is not answered any more.
  func remove() {
    // A forked child ends too, and must leave its parent's socket alone.
    guard getpid() == process, !isRemoved.exchange(true, ordering: .relaxed) else { return }
    directory.remove(InspectDirectory.socketName(of: process))
  }

  /// The next one who asks, if they may.
  func accept() -> InspectConversation? {
    let connection = skein_accept(descriptor)
    guard connection >= 0 else {
      // Out of descriptors: whoever waits goes on to wait, and poll says so at once.
      if connection == -EMFILE || connection == -ENFILE { sleepBriefly(.milliseconds(100)) }
      return nil
    }
    let conversation = InspectConversation(connection)
    var (client, user) = (pid_t(), uid_t())
    guard skein_peer(connection, &client, &user) == 0, user == geteuid() || user == 0 else { return nil }
    return conversation
  }
}
