internal import CSkein

/// What lies in a shared region: written at its beginning, and checked by every process that maps it.
struct SharedLayout: Hashable, Sendable {
  enum Kind: UInt32, Sendable {
    case lock = 1
    case value, array, counter, semaphore, event, condition, barrier, queue
  }

  static let magic: UInt64 = 0x316e_6965_6b53  // "Skein1"
  static let version: UInt32 = 1
  /// Where the header ends, and the words of the primitive begin.
  static let words = 128
  /// Where the elements begin; it is a multiple of every alignment that an element may have.
  static let elements = 256

  var kind: Kind
  var elementStride = 1
  var count: Int

  /// The size of the region.
  func size() throws(SharedMemoryError) -> Int {
    guard count >= 0 else { throw .invalidCount(count) }
    let (product, overflow) = count.multipliedReportingOverflow(by: elementStride)
    guard !overflow, product <= Int.max - Self.elements else { throw .tooLarge }
    return Self.elements + product
  }

  /// Writes the header; what is behind it is zero.
  func write(to address: UnsafeMutableRawPointer) {
    address.storeBytes(of: Self.version, toByteOffset: 8, as: UInt32.self)
    address.storeBytes(of: kind.rawValue, toByteOffset: 12, as: UInt32.self)
    address.storeBytes(of: elementStride, toByteOffset: 16, as: Int.self)
    address.storeBytes(of: count, toByteOffset: 24, as: Int.self)
    skein_store_u64(address, Self.magic)
  }

  /// Reads and checks the header of a region of `size` bytes.
  init(at address: UnsafeMutableRawPointer, size: Int) throws(SharedMemoryError) {
    guard skein_load_u64(address) == Self.magic else { throw .damaged("it does not begin as Skein's does") }
    let version = address.load(fromByteOffset: 8, as: UInt32.self)
    guard version == Self.version else { throw .damaged("it has version \(version), not \(Self.version)") }
    let number = address.load(fromByteOffset: 12, as: UInt32.self)
    guard let kind = Kind(rawValue: number) else { throw .damaged("it is of the unknown kind \(number)") }
    self.init(
      kind: kind, elementStride: address.load(fromByteOffset: 16, as: Int.self),
      count: address.load(fromByteOffset: 24, as: Int.self))
    guard elementStride > 0, (try? self.size()) == size else {
      throw .damaged("its \(size) bytes are not those of a \(self)")
    }
  }

  init(kind: Kind, elementStride: Int = 1, count: Int) {
    self.kind = kind
    self.elementStride = elementStride
    self.count = count
  }
}

extension SharedLayout: CustomStringConvertible {
  var description: String { "\(kind) of \(count) × \(elementStride) bytes" }
}
