internal import FoundationEssentials

/// Many numbers that travel as their memory: a copy, where an array is encoded element by element.
///
/// In MessagePack it is one binary value, in JSON one text of base64. The memory is as the processor has it,
/// little-endian: it is for processes of one machine or of one kind.
///
/// - Precondition: `Element` has no padding between its parts, whose bytes would be anything.
public struct Packed<Element: BitwiseCopyable & Sendable>: Sendable {
  /// The numbers.
  public var elements: [Element]

  /// Packs numbers.
  ///
  /// - Precondition: an element's size is its distance from the next one.
  public init(_ elements: some Sequence<Element>) {
    precondition(
      MemoryLayout<Element>.size == MemoryLayout<Element>.stride,
      "\(Element.self) has bytes that mean nothing")
    self.elements = Array(elements)
  }
}

extension Packed: Equatable where Element: Equatable {}
extension Packed: Hashable where Element: Hashable {}

extension Packed: Codable {
  /// Encodes the memory of the elements.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(elements.withUnsafeBytes { Data($0) })
  }

  /// Decodes elements from their memory.
  ///
  /// - Throws: `DecodingError` when the bytes are no whole number of elements.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let bytes = try container.decode(Data.self)
    let stride = MemoryLayout<Element>.stride
    guard bytes.count.isMultiple(of: stride) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription:
          "\(bytes.count) bytes are no whole number of elements of \(stride) bytes (\(Element.self))")
    }
    elements = Array(unsafeUninitializedCapacity: bytes.count / stride) { elements, count in
      _ = bytes.copyBytes(to: UnsafeMutableRawBufferPointer(elements))
      count = bytes.count / stride
    }
  }
}

extension Packed: RandomAccessCollection, MutableCollection {
  /// The first index: 0.
  public var startIndex: Int { 0 }
  /// The index after the last one.
  public var endIndex: Int { elements.count }
  /// The element at an index.
  public subscript(index: Int) -> Element {
    get { elements[index] }
    set { elements[index] = newValue }
  }
}
