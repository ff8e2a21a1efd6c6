internal import CSkein
internal import Glibc

/// Writes one message to a socket, piece by piece if it must be.
struct FrameWriter {
  enum Writing {
    case done
    case nothingNow
  }

  private let header: InlineArray<2, UInt64>
  private let body: UnsafeRawBufferPointer
  private let descriptors: [Int32]
  /// How many bytes the socket has taken, those of the header included.
  var progress = 0

  /// - Parameters:
  ///   - body: has to live until the message is written.
  ///   - descriptors: open files that go with it; they may be closed once the first byte is written.
  init(_ body: UnsafeRawBufferPointer, descriptors: [Int32], limit: Int) throws(ConnectionError) {
    guard body.count <= limit else { throw .tooLarge(bytes: body.count, limit: limit) }
    guard descriptors.count <= Int(SKEIN_MAX_DESCRIPTORS) else {
      throw .tooManyDescriptors(count: descriptors.count, limit: Int(SKEIN_MAX_DESCRIPTORS))
    }
    header = FrameHeader(descriptorCount: descriptors.count, byteCount: body.count).bytes
    self.body = body
    self.descriptors = descriptors
  }

  /// Writes as much as the socket takes now.
  mutating func write(to socket: Int32) throws(ConnectionError) -> Writing {
    while progress < FrameHeader.byteCount + body.count {
      let count = send(to: socket)
      switch Int32(-count) {
      case EINTR: continue
      case EAGAIN: return .nothingNow
      case EPIPE, ECONNRESET: throw .ended
      case let number where number > 0: throw .system(number)
      default: progress += count
      }
    }
    return .done
  }

  private func send(to socket: Int32) -> Int {
    var header = header
    return withUnsafeBytes(of: &header) { header in
      let head = UnsafeRawBufferPointer(rebasing: header[min(progress, header.count)...])
      let rest = UnsafeRawBufferPointer(rebasing: body[max(0, progress - header.count)...])
      let beside = progress == 0 ? descriptors : []
      return beside.withUnsafeBufferPointer {
        skein_send(
          socket, head.baseAddress, head.count, rest.baseAddress, rest.count, $0.baseAddress, $0.count)
      }
    }
  }
}
