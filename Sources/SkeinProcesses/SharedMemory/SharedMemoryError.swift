internal import Glibc

/// Why memory could not be shared between processes.
public enum SharedMemoryError: Error, Hashable, Sendable {
  /// Such a number of elements, permits or parties can not be.
  case invalidCount(Int)
  /// So many bytes can not be addressed.
  case tooLarge
  /// The machine has not so many bytes left; with the system's error number.
  case outOfMemory(bytes: Int, number: Int32)
  /// The system refused it; with its error number.
  case system(Int32)
  /// What came from the other process is no shared memory of Skein's, or not of this build; with what is wrong.
  case damaged(String)
  /// What came from the other process is shared memory, but for something else.
  case mismatch(expected: String, found: String)
  /// The table of an object has no row left; with the rows that it has.
  case tableFull(String, capacity: Int)
}

extension SharedMemoryError: CustomStringConvertible {
  /// A sentence for people.
  public var description: String {
    switch self {
    case .invalidCount(let count): "shared memory can not be made for \(count) of something"
    case .tooLarge: "so much shared memory can not be addressed"
    case .outOfMemory(let bytes, let number):
      "there is no room for \(bytes) bytes of shared memory: \(String(cString: strerror(number)))"
    case .system(let number): "shared memory failed: \(String(cString: strerror(number)))"
    case .damaged(let fault): "what was received is no usable shared memory: \(fault)"
    case .mismatch(let expected, let found): "expected a shared \(expected), but received a \(found)"
    case .tableFull(let object, let capacity): "all \(capacity) rows of \(object) are taken"
    }
  }
}
