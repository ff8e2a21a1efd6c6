internal import CZlib
internal import NIOCore

/// Compresses what it is given, piece by piece, into one gzip stream.
///
/// Not thread-safe: who uses it takes care that one piece at a time is compressed.
final class GzipEncoder: @unchecked Sendable {
  // Sendable because its user is one writer, which writes one piece after the other.

  private static let pieceSize = 16 * 1024

  private var stream = z_stream()

  /// - Parameter level: 1, the fastest, to 9, the smallest.
  init(level: Int) {
    let status = skein_deflate_init_gzip(&stream, Int32(level))
    precondition(status == Z_OK, "zlib can not be used: there is no memory, or it is of another version")
  }

  deinit { deflateEnd(&stream) }

  enum Flush {
    /// As much stays inside as compresses best.
    case none
    /// All that was given comes out, so that the client can use it.
    case sync
    /// There is no more.
    case end

    fileprivate var flag: Int32 {
      switch self {
      case .none: Z_NO_FLUSH
      case .sync: Z_SYNC_FLUSH
      case .end: Z_FINISH
      }
    }
  }

  /// Compresses bytes.
  func encode(_ bytes: ByteBuffer, _ flush: Flush) -> ByteBuffer {
    var output = ByteBuffer()
    bytes.withUnsafeReadableBytes { input in
      stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
      stream.avail_in = UInt32(input.count)
      repeat {
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize) { room in
          stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
          stream.avail_out = UInt32(clamping: room.count)
          let size = Int(stream.avail_out)
          deflate(&stream, flush.flag)
          return size - Int(stream.avail_out)
        }
      } while stream.avail_out == 0
      stream.next_in = nil
    }
    return output
  }
}
