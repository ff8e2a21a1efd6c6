internal import FoundationEssentials
internal import Glibc

/// Reads the lines of a file descriptor, none of them longer than a limit.
struct LineReader {
  /// A line without its end.
  struct Line: Hashable {
    /// From 1.
    var number: Int
    var bytes: Data
  }

  private let descriptor: Int32
  private let mostBytes: Int
  private var buffer = Data()
  private var number = 0
  private var isAtEnd = false

  init(descriptor: Int32, mostBytes: Int) {
    self.descriptor = descriptor
    self.mostBytes = mostBytes
  }

  /// The next line; `nil` at the end. A line may end with a line feed, with a carriage return and one, or
  /// with the file.
  ///
  /// - Throws: ``CommandFailure`` when a line is too long or the file can not be read.
  mutating func next() throws -> Line? {
    var searched = 0
    while true {
      if let end = buffer.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) {
        return try take(to: end, dropping: 1)
      }
      searched = buffer.count
      guard searched <= mostBytes + 1 else { throw tooLong() }
      if isAtEnd { return buffer.isEmpty ? nil : try take(to: buffer.endIndex, dropping: 0) }
      try fill()
    }
  }

  private mutating func take(to end: Data.Index, dropping ending: Int) throws -> Line {
    var bytes = Data(buffer[..<end])
    buffer = Data(buffer[end...].dropFirst(ending))
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard bytes.count <= mostBytes else { throw tooLong() }
    number += 1
    return Line(number: number, bytes: bytes)
  }

  private mutating func fill() throws {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &chunk, chunk.count)
    if count > 0 {
      buffer.append(contentsOf: chunk.prefix(count))
    } else if count == 0 {
      isAtEnd = true
    } else if errno != EINTR {
      throw CommandFailure(
        .systemError, "standard input can not be read: \(String(cString: strerror(errno)))")
    }
  }

  private func tooLong() -> CommandFailure {
    .usage(
      "line \(number + 1) has more than \(mostBytes) bytes, the most that a job's input may have. "
        + "Put the data into a file and its path into the job")
  }
}
