internal import Glibc
internal import SkeinJobs

/// The token of a dashboard that is reached from other machines: kept beside the queue, in a file that its owner alone reads.
public struct AccessToken: Sendable {
  /// The token: 43 letters, digits, `-` and `_`, out of 256 random bits.
  public let text: String
  /// Whether it was made just now, so that nobody knows it yet.
  public let isNew: Bool

  /// Reads the token of a directory, or makes one.
  ///
  /// - Throws: ``SkeinJobs/JobQueueError`` with code `storeUnavailable`, when the file can not be read or written, or others may
  ///   read it.
  public init(directory: String) throws {
    let path = directory + "/dashboard-token"
    if let text = try Self.read(path) {
      (self.text, isNew) = (text, false)
    } else {
      (text, isNew) = (Self.random(), true)
      try Self.write(text, path)
    }
  }

  private static func random() -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return String((0..<43).map { _ in digits.randomElement()! })
  }

  private static func read(_ path: String) throws -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("can not be read", path)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
      throw JobQueueError(
        .storeUnavailable, "\(path) may be read by others: chmod 600 it, or remove it for a new token")
    }
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).filter { !$0.isWhitespace }
    guard text.utf8.count >= 16, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw JobQueueError(
        .storeUnavailable, "\(path) has no token of 16 letters and more: remove it for a new one")
    }
    return text
  }

  private static func write(_ text: String, _ path: String) throws {
    let temporary = "\(path).\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw failure("can not be written", temporary) }
    defer { close(descriptor) }
    let line = Array("\(text)\n".utf8)
    guard Glibc.write(descriptor, line, line.count) == line.count, fsync(descriptor) == 0,
      rename(temporary, path) == 0
    else {
      defer { unlink(temporary) }
      throw failure("can not be written", path)
    }
  }

  private static func failure(_ what: String, _ path: String) -> JobQueueError {
    JobQueueError(.storeUnavailable, "\(path) \(what): \(String(cString: strerror(errno)))")
  }
}
