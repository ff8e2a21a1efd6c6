internal import Glibc

/// The file that takes the advice. It is opened before the command runs: a long run is not to end in an error.
struct AdviceFile {
  private let path: String
  private let handle: Int32

  init(path: String) throws {
    self.path = path
    handle = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard handle >= 0 else { throw Self.failure(path) }
  }

  func write(_ text: String) throws {
    defer { close(handle) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(handle, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure(path) }
      rest = rest.dropFirst(count)
    }
  }

  private static func failure(_ path: String) -> CommandFailure {
    CommandFailure(.systemError, "\(path) can not be written: \(String(cString: strerror(errno)))")
  }
}
