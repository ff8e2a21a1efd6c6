import Foundation
import Glibc

/// What the system does wrong to a fixture process: a wall clock that is set, writes that are refused, an end at a
/// chosen system call. Several processes can share it; see FixtureFaults.h for the words.
final class Faults: Sendable {
  enum Word: Int, CaseIterable {
    case clockOffset
    case writeError
    case syncError
    case calls
    case death
    case isTorn
  }

  let path: String
  private let file: Int32

  init(in directory: TemporaryDirectory, _ name: String = "faults") throws {
    path = directory.file(name)
    file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw POSIXError(.EIO) }
    for word in Word.allCases { self[word] = 0 }
  }

  deinit { close(file) }

  subscript(word: Word) -> Int64 {
    get {
      var value: Int64 = 0
      precondition(pread(file, &value, 8, off_t(word.rawValue * 8)) == 8, "the faults can not be read")
      return value
    }
    set {
      var value = newValue
      precondition(pwrite(file, &value, 8, off_t(word.rawValue * 8)) == 8, "the faults can not be written")
    }
  }

  /// Sets the wall clock of the processes ahead of the real one, or back.
  func stepClock(by span: Duration) {
    self[.clockOffset] = span.components.seconds * 1_000_000_000
  }
}
