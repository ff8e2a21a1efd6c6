internal import CSkein
internal import FoundationEssentials
internal import Glibc

/// A message as it came.
struct Frame {
  var bytes: Data
  /// The open files that came with it, which the receiver owns.
  var descriptors: [Int32]
}

/// Makes messages of the bytes of a socket: at any time it may stop and go on later.
///
/// Small messages are read many at a time; the bytes of a long one go to where they stay, without a stop on the way.
///
/// - Invariant: what was read is in the buffer, in the body that is being filled, or was given out; in this order.
struct FrameReader: ~Copyable {
  enum Reading: Equatable {
    case some
    case nothingNow
    case end
  }

  private let limit: Int
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 16)
  /// What is in the buffer and not yet used.
  private var unread = 0..<0
  private var header: FrameHeader?
  /// A body that is longer than what the buffer had of it.
  private var body: UnsafeMutableRawBufferPointer?
  private var bodyCount = 0
  private var descriptors: [Int32] = []

  init(limit: Int) { self.limit = limit }

  deinit {
    buffer.deallocate()
    body?.deallocate()
    for descriptor in descriptors { _ = Glibc.close(descriptor) }
  }

  /// Whether nothing of a message that was not given out is here.
  var isEmpty: Bool { unread.isEmpty && header == nil && descriptors.isEmpty }

  /// What the end of the connection means at this place.
  var endError: ConnectionError {
    if let header {
      return .truncated(received: body == nil ? unread.count : bodyCount, expected: header.byteCount)
    }
    return unread.isEmpty ? .ended : .truncated(received: unread.count, expected: FrameHeader.byteCount)
  }

  /// Takes the next message, if all of it is here.
  mutating func next() throws(ConnectionError) -> Frame? {
    if header == nil {
      guard unread.count >= FrameHeader.byteCount else { return nil }
      let start = unread.lowerBound..<unread.lowerBound + FrameHeader.byteCount
      guard let header = FrameHeader(UnsafeRawBufferPointer(rebasing: buffer[start])) else {
        throw .malformed
      }
      guard header.byteCount <= limit else { throw .tooLarge(bytes: header.byteCount, limit: limit) }
      guard header.descriptorCount <= Int(SKEIN_MAX_DESCRIPTORS) else { throw .malformed }
      unread = start.upperBound..<unread.upperBound
      self.header = header
    }
    guard let header else { return nil }
    if body == nil, unread.count < header.byteCount { beginBody(of: header.byteCount) }
    if let body {
      guard bodyCount == body.count else { return nil }
      self.body = nil
      return try finish(
        header,
        Data(
          bytesNoCopy: body.baseAddress!, count: body.count, deallocator: .custom { p, _ in p.deallocate() }))
    }
    let end = unread.lowerBound + header.byteCount
    let bytes = Data(UnsafeRawBufferPointer(rebasing: buffer[unread.lowerBound..<end]))
    unread = end..<unread.upperBound
    return try finish(header, bytes)
  }

  private mutating func beginBody(of count: Int) {
    let body = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    body.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[unread]))
    (self.body, bodyCount, unread) = (body, unread.count, 0..<0)
  }

  private mutating func finish(_ header: FrameHeader, _ bytes: Data) throws(ConnectionError) -> Frame {
    self.header = nil
    // They come beside the first byte of their message.
    guard descriptors.count >= header.descriptorCount else { throw .malformed }
    defer { descriptors.removeFirst(header.descriptorCount) }
    return Frame(bytes: bytes, descriptors: Array(descriptors.prefix(header.descriptorCount)))
  }

  /// Reads what is there at this instant.
  mutating func read(from socket: Int32) throws(ConnectionError) -> Reading {
    let target: UnsafeMutableRawBufferPointer
    if let body {
      target = UnsafeMutableRawBufferPointer(rebasing: body[bodyCount...])
    } else {
      moveToFront()
      target = UnsafeMutableRawBufferPointer(rebasing: buffer[unread.upperBound...])
    }
    let count = try receive(into: target, from: socket)
    guard let count else { return .nothingNow }
    if count == 0 { return .end }
    if body == nil { unread = unread.lowerBound..<unread.upperBound + count } else { bodyCount += count }
    return .some
  }

  private mutating func moveToFront() {
    guard unread.lowerBound > 0 else { return }
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[unread]))
    unread = 0..<unread.count
  }

  private mutating func receive(
    into target: UnsafeMutableRawBufferPointer, from socket: Int32
  ) throws(ConnectionError) -> Int? {
    let (result, received) = withUnsafeTemporaryAllocation(
      of: Int32.self, capacity: Int(SKEIN_MAX_DESCRIPTORS)
    ) {
      space in
      var (count, result) = (0, -Int(EINTR))
      while result == -Int(EINTR) {
        result = skein_receive(socket, target.baseAddress, target.count, space.baseAddress, &count)
      }
      return (result, count == 0 ? [] : Array(space[..<count]))
    }
    descriptors += received
    switch Int32(-result) {
    case EAGAIN: return nil
    case EMFILE, ENFILE: throw .noDescriptorsLeft
    // Who ends with something unread resets the connection.
    case ECONNRESET: return 0
    case let number where number > 0: throw .system(number)
    default: return result
    }
  }
}
