internal import CSkein
internal import FoundationEssentials
internal import Glibc
internal import SkeinSync

/// The files of a store: one directory, which nobody else can read.
///
/// | file | what it is |
/// |---|---|
/// | `queue.sqlite` | the database, with SQLite's own `-wal` and `-shm` |
/// | `queue.lock` | the lock on which writers of all processes queue |
/// | `queue.signals` | counters in shared memory that wake sleepers of all processes |
/// | `workers/` | a file for each worker, locked as long as the worker lives |
struct StoreFiles: Sendable {
  let directory: String

  var database: String { directory + "/queue.sqlite" }
  var lock: String { directory + "/queue.lock" }
  var signals: String { directory + "/queue.signals" }
  var workers: String { directory + "/workers" }

  /// Makes sure that the directories exist and that the database can not be read by others.
  init(preparing directory: String) throws(JobQueueError) {
    self.directory = directory
    try Self.makeDirectory(directory)
    try Self.refuseNetworkFileSystem(directory)
    try Self.makeDirectory(workers)
    // SQLite gives its other files the mode of this one. It is created here and never opened again: closing any
    // descriptor of it would drop the locks that SQLite holds in this process.
    let descriptor = open(database, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      Glibc.close(descriptor)
    } else if errno != EEXIST {
      throw .file(database, "can not be created", errno)
    }
  }

  private static func makeDirectory(_ path: String) throws(JobQueueError) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      // Foundation has changed errno on its way: the system is asked once more for its reason.
      guard mkdir(path, 0o700) != 0 else { return }
      throw .file(path, "can not be made a directory", errno)
    }
    guard access(path, W_OK | X_OK) == 0 else { throw .file(path, "can not be written", errno) }
  }

  /// Kernel locks and shared memory do not reach over a network.
  private static func refuseNetworkFileSystem(_ path: String) throws(JobQueueError) {
    let networks: [Int64: String] = [
      0x6969: "NFS", 0xff53_4d42: "CIFS", 0xfe53_4d42: "SMB2", 0x517b: "SMB", 0x5346_414f: "AFS",
      0x0bd0_0bd0: "Lustre", 0x0116_1970: "GFS2", 0x7461_636f: "OCFS2", 0x00c3_6400: "Ceph",
      0x0102_1997: "9P",
    ]
    guard let name = networks[skein_file_system_type(path)] else { return }
    throw JobQueueError(
      .networkFileSystem,
      "\(path) is on a network file system (\(name)), where a queue would not be safe; use a local directory")
  }
}

extension JobQueueError {
  static func file(_ path: String, _ what: String, _ number: Int32) -> JobQueueError {
    let code: Code = number == ENOSPC || number == EDQUOT ? .diskFull : .storeUnavailable
    return JobQueueError(code, "\(path) \(what): \(String(cString: strerror(number)))")
  }
}

/// An open file of the store, closed with the last reference and in every program that is started.
final class FileDescriptor: Sendable {
  let number: Int32

  init(opening path: String, _ flags: Int32) throws(JobQueueError) {
    number = open(path, flags | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw .file(path, "can not be opened", errno) }
  }

  deinit { Glibc.close(number) }
}

/// A file of fixed size in shared memory.
final class SharedFile: @unchecked Sendable {
  // Sendable because the memory is only ever touched through atomic operations; mapping and descriptor never change.
  let memory: UnsafeMutableRawPointer
  let byteCount: Int
  private let file: FileDescriptor

  /// Opens a file, makes it as large as asked for, and maps it.
  ///
  /// - Parameter byteCount: the least size; `nil` takes the file as it is.
  init(path: String, byteCount: Int?, creates: Bool = true) throws(JobQueueError) {
    file = try FileDescriptor(opening: path, O_RDWR | (creates ? O_CREAT : 0))
    var information = stat()
    fstat(file.number, &information)
    let size = max(Int(information.st_size), byteCount ?? 0)
    // Space is allocated now: a store to a hole of a full disk would kill the process.
    let failure = Int(information.st_size) < size ? posix_fallocate(file.number, 0, off_t(size)) : 0
    guard failure == 0 else { throw .file(path, "can not be allocated", failure) }
    let mapping = mmap(nil, max(size, 1), PROT_READ | PROT_WRITE, MAP_SHARED, file.number, 0)
    guard let mapping, mapping != MAP_FAILED else { throw .file(path, "can not be mapped", errno) }
    memory = mapping
    self.byteCount = size
  }

  deinit { munmap(memory, max(byteCount, 1)) }

  /// Takes the kernel's lock on the whole file, if nobody has it.
  func tryLock() -> Bool { flock(file.number, LOCK_EX | LOCK_NB) == 0 }
}
