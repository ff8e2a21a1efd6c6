internal import CSkein
internal import SkeinSync

/// A line on which clients hand a manager their connections: one byte, with an end of a socket beside it. Both its ends
/// may have any number of copies; what a client sends at once is never parted.
struct ManagerDoor {
  private let descriptor: OwnedDescriptor
  private let identity = ObjectIdentity("Connection", name: "door of a manager", place: SourcePlace())

  init(_ descriptor: OwnedDescriptor) { self.descriptor = descriptor }

  /// Makes a connection, and hands its other end in.
  ///
  /// - Throws: ``ManagerError/ended``; ``ConnectionError/system(_:)`` when there is no descriptor left.
  @available(*, noasync)
  func connect() throws -> Connection {
    let (mine, theirs) = try OwnedDescriptor.makeSocketPair()
    defer { withExtendedLifetime(theirs) {} }
    while true {
      var (byte, end) = (UInt8(0), theirs.rawValue)
      switch skein_send(descriptor.rawValue, &byte, 1, nil, 0, &end, 1) {
      case 1: return Connection(mine, name: "manager")
      case -Int(EINTR): continue
      case -Int(EAGAIN):
        _ = DescriptorWait.ready(
          among: [(descriptor.rawValue, .writing)], until: nil, for: identity, at: SourcePlace())
      case -Int(EPIPE), -Int(ECONNRESET): throw ManagerError.ended
      case let result: throw ConnectionError.system(Int32(-result))
      }
    }
  }

  /// The next connection that is handed in; `nil` when there can be none any more.
  @available(*, noasync)
  func nextComer() throws(ConnectionError) -> OwnedDescriptor? {
    while true {
      var (byte, count) = (UInt8(0), 0)
      var received = [Int32](repeating: -1, count: Int(SKEIN_MAX_DESCRIPTORS))
      switch skein_receive(descriptor.rawValue, &byte, 1, &received, &count) {
      case 0: return nil
      case -Int(EAGAIN):
        _ = DescriptorWait.ready(
          among: [(descriptor.rawValue, .reading)], until: nil, for: identity, at: SourcePlace())
      case -Int(EINTR): continue
      // There is no descriptor left for it: its client finds it closed.
      case 1 where count == 0, -Int(EMFILE), -Int(ENFILE): continue
      case 1:
        for extra in received[1..<count] { _ = OwnedDescriptor(owning: extra) }
        return OwnedDescriptor(owning: received[0])
      case let result: throw .system(Int32(-result))
      }
    }
  }
}
