/// What comes before each message on the wire: 16 bytes, little-endian.
///
/// ```text
/// 0      4             8                 16
/// | mark | descriptors | bytes that follow |
/// ```
struct FrameHeader: Equatable {
  static let byteCount = 16
  /// "SKN1".
  private static let mark: UInt32 = 0x314E_4B53

  var descriptorCount: Int
  var byteCount: Int

  init(descriptorCount: Int, byteCount: Int) {
    self.descriptorCount = descriptorCount
    self.byteCount = byteCount
  }

  /// Reads a header; `nil` when these bytes are none.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.byteCount, bytes.loadUnaligned(as: UInt32.self).littleEndian == Self.mark,
      let byteCount = Int(exactly: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian)
    else { return nil }
    descriptorCount = Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self).littleEndian)
    self.byteCount = byteCount
  }

  /// The header as it travels.
  var bytes: InlineArray<2, UInt64> {
    let first = UInt64(Self.mark) | UInt64(descriptorCount) << 32
    return [first.littleEndian, UInt64(byteCount).littleEndian]
  }
}
