internal import CSkein
internal import Glibc

/// The directory in which the processes of one user have their sockets, open and verified.
///
/// - Invariant: it belongs to the user, who alone can do anything in it. All that is done there goes through
///   its descriptor, so that nobody can put another one in its place in the meantime.
package struct InspectDirectory: ~Copyable {
  let path: String
  let descriptor: Int32

  deinit { close(descriptor) }

  /// Opens a directory that is there.
  ///
  /// - Throws: ``InspectError`` with ``InspectError/Code/unsafeDirectory`` when it belongs to somebody else,
  ///   others can use it, or it is a symbolic link; ``InspectError/Code/systemError`` when it can not be
  ///   opened.
  init(opening path: String, ownedBy user: uid_t) throws(InspectError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard errno == ELOOP || errno == ENOTDIR else { throw .system("\(path) can not be opened", errno) }
      throw InspectError(.unsafeDirectory, "\(path) is no directory, or a symbolic link; remove it")
    }
    if let problem = Self.problem(descriptor, path, user) {
      close(descriptor)
      throw problem
    }
    self.path = path
    self.descriptor = descriptor
  }

  private static func problem(_ descriptor: Int32, _ path: String, _ user: uid_t) -> InspectError? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return .system("\(path) can not be examined", errno) }
    if status.st_uid != user {
      return InspectError(
        .unsafeDirectory, "\(path) belongs to user \(status.st_uid) instead of \(user), and is not used")
    }
    let mode = String(status.st_mode & 0o777, radix: 8)
    return status.st_mode & 0o077 == 0
      ? nil
      : InspectError(
        .unsafeDirectory,
        "\(path) has mode \(mode), so that others can use it; 'chmod 700 \(path)' mends that")
  }

  /// Opens a directory, after making it if it is missing.
  init(makingAt path: String) throws(InspectError) {
    let isMade = mkdir(path, 0o700) == 0 || errno == EEXIST
    guard isMade else { throw .system("\(path) can not be made", errno) }
    try self.init(opening: path, ownedBy: geteuid())
  }

  /// The directory for this process: in `$XDG_RUNTIME_DIR` where that is this user's, else in `/tmp`.
  static func path(environment: (String) -> String? = Self.variable) -> String {
    if let runtime = environment("XDG_RUNTIME_DIR"), runtime.hasPrefix("/"), owner(of: runtime) == geteuid() {
      return "\(runtime)/skein"
    }
    return "/tmp/skein-\(geteuid())"
  }

  /// Where sockets of a user's processes can be, as seen by another process.
  static func candidates(for user: uid_t) -> [String] {
    let mine = user == geteuid() ? [path()] : []
    let usual = ["/run/user/\(user)/skein", "/tmp/skein-\(user)"]
    return mine + usual.filter { !mine.contains($0) }
  }

  /// Who owns what is at `path`.
  static func owner(of path: String) -> uid_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_uid : nil
  }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  // MARK: Sockets in it

  static func socketName(of process: pid_t) -> String { "\(process).sock" }

  /// The processes that have a socket here.
  borrowing func processes() -> [pid_t] {
    // The name by way of the descriptor: the directory itself, whatever is at the path by now.
    ProcFile.names(in: "/proc/self/fd/\(descriptor)/").compactMap { name in
      guard name.hasSuffix(".sock"), let id = pid_t(name.dropLast(5)), id > 0 else { return nil }
      return Self.socketName(of: id) == name ? id : nil
    }.sorted()
  }

  borrowing func remove(_ name: String) { unlinkat(descriptor, name, 0) }

  /// Removes sockets that nobody listens on and whose process is gone.
  borrowing func removeStale() {
    for process in processes() where kill(process, 0) != 0 && errno == ESRCH {
      // The process may live in another namespace: its socket tells.
      if case .failure(let number) = connect(to: process), number == ECONNREFUSED {
        remove(Self.socketName(of: process))
      }
    }
  }

  /// Connects to a process' socket without waiting.
  borrowing func connect(to process: pid_t) -> Connection {
    let socket = Glibc.socket(AF_UNIX, Self.streamType, 0)
    guard socket >= 0 else { return .failure(errno) }
    let result = withAddress(of: Self.socketName(of: process)) { Glibc.connect(socket, $0, $1) }
    guard result == 0 else {
      defer { close(socket) }
      return .failure(errno)
    }
    return .success(socket)
  }

  enum Connection {
    case success(Int32)
    case failure(Int32)
  }

  /// Listens on a socket of this process' own that others have no access to.
  borrowing func listen(as name: String) throws(InspectError) -> Int32 {
    let socket = Glibc.socket(AF_UNIX, Self.streamType, 0)
    guard socket >= 0 else { throw .system("a socket can not be made", errno) }
    // The mode that a socket has before it gets its name is the one that its name gets: there is no moment
    // in which it could be used by others.
    let result = fchmod(socket, 0o600) == 0 ? withAddress(of: name) { bind(socket, $0, $1) } : -1
    guard result == 0, Glibc.listen(socket, 8) == 0 else {
      let number = errno
      close(socket)
      throw .system("\(path)/\(name) can not be listened on", number)
    }
    return socket
  }

  private static var streamType: Int32 {
    Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
  }

  /// The address by way of the directory's descriptor: short enough always, and in this directory whatever
  /// happens to its path.
  private borrowing func withAddress(of name: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32)
    -> Int32
  {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    let path = Array("/proc/self/fd/\(descriptor)/\(name)".utf8)
    precondition(path.count < capacity, "a process id has few digits")
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
