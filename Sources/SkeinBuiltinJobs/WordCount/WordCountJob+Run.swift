internal import Logging
public import SkeinJobs
public import SkeinResilience
internal import SystemPackage

/// A path that a job names is not there.
public struct PathNotFound: PermanentError, Hashable, CustomStringConvertible {
  /// The path.
  public let path: String

  /// A sentence that names the path.
  public var description: String { "there is no file or folder '\(path)'" }
}

extension WordCountJob {
  /// Counts.
  ///
  /// - Throws: ``PathNotFound`` or ``InvalidJobInput``, which are permanent; `CancellationError`.
  public func run(in context: JobContext) async throws -> WordCount {
    try await run(in: context, chunkBytes: 256 << 10)
  }

  /// - Parameter chunkBytes: how many bytes are read between two looks at cancellation and at other tasks.
  func run(in context: JobContext, chunkBytes: Int) async throws -> WordCount {
    try checkInput()
    let paths = paths.map { FilePath($0) }
    for path in paths where (try? FileStatus(of: path, followsLink: true)) == nil {
      throw PathNotFound(path: path.string)
    }
    var counter = FileCounter(caseSensitive: caseSensitive, chunkBytes: chunkBytes, context: context)
    // A walk of its own, so that the names of all files need not be kept.
    for item in FileWalk(paths) {
      if case .file(_, let bytes) = item { counter.expect(bytes) }
      try await counter.letOthersRun(after: FileCounter.itemBytes)
    }
    for item in FileWalk(paths) {
      try await counter.count(item)
      try await counter.letOthersRun(after: FileCounter.itemBytes)
    }
    context.reportProgress(1)
    return counter.finish(top: top)
  }
}

/// Counts the words of one file after the other.
private struct FileCounter {
  /// Where a NUL byte makes a file binary.
  private static let headBytes = 8 << 10
  /// The most bytes of a character whose end is in the next chunk.
  private static let mostOpenBytes = 3
  /// What looking for a file and opening it costs, in bytes that could be counted in that time.
  static let itemBytes = 4 << 10

  private let context: JobContext
  private let chunkBytes: Int
  private var buffer: [UInt8]
  private var scanner: WordScanner
  private var filesCounted = 0
  private var filesSkipped = 0
  private var bytes = 0
  private var expectedBytes = 0
  private var bytesSinceYield = 0

  init(caseSensitive: Bool, chunkBytes: Int, context: JobContext) {
    self.context = context
    self.chunkBytes = chunkBytes
    buffer = [UInt8](repeating: 0, count: max(chunkBytes + Self.mostOpenBytes, Self.headBytes))
    scanner = WordScanner(caseSensitive: caseSensitive)
  }

  mutating func expect(_ bytes: Int) {
    expectedBytes += bytes
  }

  /// The work is nothing but computing: this is where others get the thread after each chunk's worth of it,
  /// and where it ends when it should.
  mutating func letOthersRun(after bytes: Int) async throws {
    try context.checkCancellation()
    bytesSinceYield += bytes
    guard bytesSinceYield >= chunkBytes else { return }
    bytesSinceYield = 0
    await Task.yield()
  }

  mutating func count(_ item: FileWalk.Item) async throws {
    switch item {
    case .folder: break
    case .skipped(let path, let problem): skip(path, problem)
    case .file(let path, let expected):
      let before = bytes
      do {
        try await count(path)
      } catch let error as Errno {
        _ = scan(0, isLast: true)  // What was read counts, and the next file begins with another word.
        skip(path, "\(error)")
      }
      expectedBytes += bytes - before - expected  // It was skipped, or has another length by now.
    }
  }

  private mutating func skip(_ path: FilePath, _ problem: String?) {
    filesSkipped += 1
    if let problem { context.logger.warning("skipped \(path.string): \(problem)") }
  }

  private mutating func count(_ path: FilePath) async throws {
    // If a pipe has taken the file's place, opening must not wait for a writer.
    let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
    defer { try? file.close() }  // Nothing was written, so nothing can be lost.
    guard try FileStatus(of: file).kind == .file, try !isBinary(file) else { return skip(path, nil) }
    var open = 0
    while true {
      report(path)
      let count = try file.read(intoSlice: open..<(open + chunkBytes), of: &buffer)
      bytes += count
      open = scan(open + count, isLast: count == 0)
      if count == 0 { break }
      try await letOthersRun(after: count)
    }
    filesCounted += 1
  }

  private mutating func isBinary(_ file: FileDescriptor) throws -> Bool {
    let count = try buffer.withUnsafeMutableBytes { buffer in
      let head = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Self.headBytes])
      return try file.read(fromAbsoluteOffset: 0, into: head)
    }
    return buffer[..<count].contains(0)
  }

  /// Scans the beginning of the buffer; returns how many bytes were left, which then are its beginning.
  private mutating func scan(_ count: Int, isLast: Bool) -> Int {
    let used = buffer.withUnsafeBytes { buffer in
      scanner.scan(UnsafeRawBufferPointer(rebasing: buffer[..<count]), isLast: isLast)
    }
    for index in used..<count { buffer[index - used] = buffer[index] }
    return count - used
  }

  private func report(_ path: FilePath) {
    context.reportProgress(Double(bytes) / Double(max(expectedBytes, 1)), path.string)
  }

  consuming func finish(top: Int) -> WordCount {
    let total = scanner.total
    let words = scanner.finish()
    return WordCount(
      totalWords: total, distinctWords: words.count, topWords: words.top(top), filesCounted: filesCounted,
      filesSkipped: filesSkipped, bytes: bytes)
  }
}

extension FileDescriptor {
  fileprivate func read(intoSlice range: Range<Int>, of buffer: inout [UInt8]) throws -> Int {
    try buffer.withUnsafeMutableBytes { try read(into: UnsafeMutableRawBufferPointer(rebasing: $0[range])) }
  }
}
