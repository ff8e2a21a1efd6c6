internal import Glibc
internal import HTTPTypes
internal import NIOCore

/// What is at a path of a tree of files.
enum StaticEntry: Sendable {
  case file(StaticFile)
  case directory
  /// Nothing, or nothing that is served.
  case missing
}

/// A file as it was at an instant: its bytes, if they are few, or itself, open.
struct StaticFile: Sendable {
  enum Content: Sendable {
    case bytes(ByteBuffer)
    case file(OpenFile)
  }

  let content: Content
  let size: Int
  /// Seconds since 1970.
  let modified: Int
  /// Says in short which bytes these are.
  let tag: String
  /// What a response says of it.
  let headers: HTTPFields

  /// How many bytes of it are held in memory.
  var heldBytes: Int { if case .bytes = content { size } else { 0 } }

  func body(_ range: Range<Int>) -> ResponseBody {
    switch content {
    case .bytes(let bytes):
      .bytes(bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)!)
    case .file(let file): .file(file, range)
    }
  }

  /// Looks at what is at a path. Blocks the thread.
  ///
  /// - Parameters:
  ///   - path: relative to the root, without a slash at its end; empty for the root.
  ///   - root: the folder.
  ///   - known: what was there the last time: it is kept if nothing has changed.
  ///   - options: how it is served.
  static func load(
    _ path: String, _ root: OpenFile, known: StaticEntry?, _ options: StaticFiles.Options
  ) throws -> StaticEntry {
    guard let file = try OpenFile.open(path.isEmpty ? "." : path, beneath: root) else { return .missing }
    let status = try file.status()
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .directory
    case S_IFREG: break
    default: return .missing
    }
    let tag = Self.tag(status)
    if case .file(let before)? = known, before.tag == tag { return .file(before) }
    let size = Int(status.st_size)
    var content = Content.file(file)
    if size <= options.maximumCachedFileBytes {
      content = .bytes(try file.read(0..<size))
    }
    let seconds = Int(status.st_mtim.tv_sec)
    var headers: HTTPFields = [
      .eTag: tag, .lastModified: HTTPDate.text(seconds), .acceptRanges: "bytes",
      .contentType: ContentTypes.type(of: path),
    ]
    headers[.cacheControl] = options.cacheControl(path)
    return .file(StaticFile(content: content, size: size, modified: seconds, tag: tag, headers: headers))
  }

  /// Inode, size and time of the last change, to the nanosecond: files that are written anew have another one.
  private static func tag(_ status: stat) -> String {
    let time = Int(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int(status.st_mtim.tv_nsec)
    return
      "\"\(String(status.st_ino, radix: 36))-\(String(status.st_size, radix: 36))-\(String(time, radix: 36))\""
  }
}
