internal import CSkein
internal import Glibc

/// Memory that several processes have mapped: without a name, so that nothing is left behind whatever becomes of them.
///
/// It is encoded as its open file, and only into messages to other processes. However often a process receives the same
/// region, it has one mapping of it, which ends with the last object that uses it.
///
/// - Invariant: the memory has the size that its layout tells, and can not lose it.
final class SharedRegion: @unchecked Sendable {
  // Sendable because the region itself only hands out its address; whoever writes there brings its own order.
  let address: UnsafeMutableRawPointer
  let layout: SharedLayout
  let size: Int
  let identity: Identity
  let descriptor: OwnedDescriptor

  /// What tells the memory from all other.
  struct Identity: Hashable, Sendable {
    var device: UInt64 = 0
    var inode: UInt64 = 0
  }

  /// Makes a region filled with zeros behind its header.
  static func make(
    _ layout: SharedLayout, prepare: (SharedRegion) throws(SharedMemoryError) -> Void = { _ in }
  ) throws(SharedMemoryError) -> SharedRegion {
    let size = try layout.size()
    let descriptor = skein_make_shared_memory(UInt64(size))
    guard descriptor >= 0 else { throw Self.failure(-descriptor, size: size) }
    let region = try SharedRegion(OwnedDescriptor(owning: descriptor), newLayout: layout)
    try prepare(region)
    return SharedRegions.unify(region)
  }

  /// The process's mapping of a region that came with a message.
  static func adopt(_ descriptor: OwnedDescriptor) throws(SharedMemoryError) -> SharedRegion {
    let (identity, _) = try identify(descriptor)
    if let region = SharedRegions.find(identity) { return region }
    return SharedRegions.unify(try SharedRegion(descriptor, newLayout: nil))
  }

  private init(_ descriptor: OwnedDescriptor, newLayout: SharedLayout?) throws(SharedMemoryError) {
    let (identity, size) = try Self.identify(descriptor)
    guard size >= SharedLayout.elements else { throw .damaged("it has \(size) bytes") }
    var mapped: UnsafeMutableRawPointer?
    let failure = skein_map_shared_memory(descriptor.rawValue, size, &mapped)
    guard failure == 0, let mapped else {
      throw failure == -EPERM || failure == -EINVAL
        ? .damaged("it could lose its size") : Self.failure(-failure, size: size)
    }
    do throws(SharedMemoryError) {
      if let newLayout {
        newLayout.write(to: mapped)
        layout = newLayout
      } else {
        layout = try SharedLayout(at: mapped, size: size)
      }
    } catch {
      _ = skein_unmap_shared_memory(mapped, size)
      throw error
    }
    address = mapped
    self.size = size
    self.identity = identity
    self.descriptor = descriptor
  }

  deinit {
    SharedRegions.forget(identity)
    _ = skein_unmap_shared_memory(address, size)
  }

  private static func identify(_ descriptor: OwnedDescriptor) throws(SharedMemoryError) -> (Identity, Int) {
    var identity = Identity()
    var size: UInt64 = 0
    let failure = skein_identify_memory(descriptor.rawValue, &identity.device, &identity.inode, &size)
    guard failure == 0 else { throw .system(-failure) }
    return (identity, Int(clamping: size))
  }

  private static func failure(_ number: Int32, size: Int) -> SharedMemoryError {
    let isShortage = [ENOMEM, ENOSPC, EFBIG].contains(number)
    return isShortage ? .outOfMemory(bytes: size, number: number) : .system(number)
  }
}

// MARK: - Messages

extension SharedRegion {
  func encode(to encoder: any Encoder) throws { try descriptor.encode(to: encoder) }

  /// Takes the region that came with a message, if it is what is expected.
  static func decode(
    from decoder: any Decoder, as kind: SharedLayout.Kind, elementStride: Int = 1
  ) throws -> SharedRegion {
    try check(OwnedDescriptor(from: decoder), as: kind, elementStride: elementStride)
  }

  static func check(
    _ descriptor: OwnedDescriptor, as kind: SharedLayout.Kind, elementStride: Int
  ) throws(SharedMemoryError) -> SharedRegion {
    let region = try adopt(descriptor)
    let found = region.layout
    guard found.kind == kind, found.elementStride == elementStride else {
      let expected = SharedLayout(kind: kind, elementStride: elementStride, count: found.count)
      throw SharedMemoryError.mismatch(expected: "\(expected)", found: "\(found)")
    }
    return region
  }
}
