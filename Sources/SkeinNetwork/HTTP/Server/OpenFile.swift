internal import NIOCore

/// A file that is open for reading, until nobody has it any more.
final class OpenFile: Sendable {
  let handle: NIOFileHandle

  /// Takes over a descriptor.
  init(descriptor: CInt) { handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor) }

  deinit { try? handle.close() }
}
