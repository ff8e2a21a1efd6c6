internal import CSkein
internal import Glibc
internal import NIOCore

/// A file that is open for reading, until nobody has it any more.
final class OpenFile: Sendable {
  let descriptor: CInt

  /// Takes over a descriptor.
  init(descriptor: CInt) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Opens what is at a path below a folder; `nil` when nothing is there, or it leads out of the folder, or is not to be read.
  static func open(_ path: String, beneath folder: OpenFile) throws -> OpenFile? {
    let descriptor = skein_open_beneath(folder.descriptor, path)
    guard descriptor < 0 else { return OpenFile(descriptor: descriptor) }
    switch -descriptor {
    case ENOENT, ENOTDIR, EXDEV, ELOOP, EACCES, EPERM, ENAMETOOLONG, ENXIO, EINVAL: return nil
    default: throw StreamError.system(-descriptor)
    }
  }

  /// What the system knows of it.
  func status() throws -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw StreamError.system(errno) }
    return status
  }

  /// Something for NIO to send a part of it from, which has to be given back by ``giveBack(_:)``: one is used by one connection
  /// at a time.
  func lend() -> NIOFileHandle { NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor) }

  /// Takes note that NIO is done with what was lent, so that it is not closed there.
  func giveBack(_ handle: NIOFileHandle) { _ = try? handle.takeDescriptorOwnership() }

  /// Reads a part of it. Blocks the thread.
  ///
  /// - Throws: ``StreamError/ended(received:expected:)`` when it is shorter than that, ``StreamError/system(_:)``.
  func read(_ range: Range<Int>) throws -> ByteBuffer {
    var bytes = ByteBufferAllocator().buffer(capacity: range.count)
    while bytes.readableBytes < range.count {
      let missing = range.count - bytes.readableBytes
      let offset = off_t(range.lowerBound + bytes.readableBytes)
      var number: Int32 = 0
      let count = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) { room in
        let count = pread(descriptor, room.baseAddress, missing, offset)
        if count < 0 { number = errno }
        return max(0, count)
      }
      guard number == 0 || number == EINTR else { throw StreamError.system(number) }
      guard count > 0 || number == EINTR else {
        throw StreamError.ended(received: bytes.readableBytes, expected: range.count)
      }
    }
    return bytes
  }
}
