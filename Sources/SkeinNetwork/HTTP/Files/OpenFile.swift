internal import CSkein
internal import Glibc
internal import NIOCore

/// A file that is open for reading, until nobody has it any more.
final class OpenFile: Sendable {
  let handle: NIOFileHandle

  /// Takes over a descriptor.
  init(descriptor: CInt) { handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor) }

  deinit { try? handle.close() }

  /// Opens what is at a path below a folder; `nil` when nothing is there, or it leads out of the folder, or is not to be read.
  static func open(_ path: String, beneath folder: OpenFile) throws -> OpenFile? {
    let descriptor = folder.withDescriptor { skein_open_beneath($0, path) }
    guard descriptor < 0 else { return OpenFile(descriptor: descriptor) }
    switch -descriptor {
    case ENOENT, ENOTDIR, EXDEV, ELOOP, EACCES, EPERM, ENAMETOOLONG, ENXIO, EINVAL: return nil
    default: throw StreamError.system(-descriptor)
    }
  }

  func withDescriptor<Result>(_ body: (CInt) -> Result) -> Result {
    // It is closed at the end alone.
    try! handle.withUnsafeFileDescriptor(body)
  }

  /// What the system knows of it.
  func status() throws -> stat {
    var status = stat()
    guard withDescriptor({ fstat($0, &status) }) == 0 else { throw StreamError.system(errno) }
    return status
  }

  /// Reads a part of it, or less at its end. Blocks the thread.
  func read(_ range: Range<Int>) throws -> ByteBuffer {
    var bytes = ByteBufferAllocator().buffer(capacity: range.count)
    while bytes.readableBytes < range.count {
      let missing = range.count - bytes.readableBytes
      let offset = off_t(range.lowerBound + bytes.readableBytes)
      let count = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) { room in
        max(0, withDescriptor { pread($0, room.baseAddress, missing, offset) })
      }
      if count == 0 { break }
    }
    return bytes
  }
}
