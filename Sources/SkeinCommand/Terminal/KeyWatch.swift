internal import Foundation

/// The keys that are typed, as a stream.
enum KeyWatch {
  /// Starts to read a terminal; the stream ends with it. A thread reads, for a read can neither be awaited nor
  /// called off: it stays until the process ends.
  static func start(_ descriptor: Int32) -> AsyncStream<Key> {
    AsyncStream { continuation in
      Thread.detachNewThread {
        var decoder = KeyDecoder()
        while let byte = nextByte(descriptor) {
          if let key = decoder.decode(byte) { continuation.yield(key) }
        }
        continuation.finish()
      }
    }
  }

  private static func nextByte(_ descriptor: Int32) -> UInt8? {
    var byte: UInt8 = 0
    while true {
      switch (read(descriptor, &byte, 1), errno) {
      case (1, _): return byte
      case (-1, EINTR): continue
      case (-1, EAGAIN):
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&request, 1, -1)
      default: return nil
      }
    }
  }
}
