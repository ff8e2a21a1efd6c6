internal import Glibc

/// The lock on which the writers of one queue, in all processes, stand in line.
///
/// SQLite's own lock is polled, with growing pauses, so that a writer can starve for hundreds of milliseconds. Here a
/// waiter sleeps in the kernel. There are two doors: whoever stands between them, waiting for the second, keeps the first
/// one shut, so that a writer that comes again at once can not slip past.
final class WriterLock: Sendable {
  private let file: FileDescriptor

  init(path: String) throws(JobQueueError) {
    file = try FileDescriptor(opening: path, O_CREAT | O_RDWR)
  }

  /// Runs `body` while no other writer is at work. Blocks the thread.
  func withLock<Result>(_ body: () throws -> Result) throws -> Result {
    try change(.outer, to: F_WRLCK)
    do {
      try change(.inner, to: F_WRLCK)
    } catch {
      try? change(.outer, to: F_UNLCK)
      throw error
    }
    try change(.outer, to: F_UNLCK)
    defer { try? change(.inner, to: F_UNLCK) }
    return try body()
  }

  private enum Door: off_t {
    case outer = 0
    case inner = 1
  }

  /// F_OFD_SETLKW: a lock that belongs to the open file, not to the process, and waits (man 2 fcntl).
  private static let setAndWait: Int32 = 38

  private func change(_ door: Door, to type: Int32) throws(JobQueueError) {
    var range = flock()
    range.l_type = Int16(type)
    range.l_whence = Int16(SEEK_SET)
    range.l_start = door.rawValue
    range.l_len = 1
    while fcntl(file.number, Self.setAndWait, &range) != 0 {
      guard errno == EINTR else { throw .file("the writers' lock", "can not be taken", errno) }
    }
  }
}
