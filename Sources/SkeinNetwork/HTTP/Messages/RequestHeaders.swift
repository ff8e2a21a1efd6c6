public import HTTPTypes
internal import NIOCore

/// The fields of a request. They are read from its bytes when they are asked for: most handlers ask for few.
///
/// - Complexity: a look-up is O(bytes of the head); the first change reads all fields, after which look-ups are O(1).
public struct RequestHeaders: Sendable {
  private enum Storage: Sendable {
    /// A head, which was checked, and where its fields begin.
    case bytes(ByteBuffer, fieldsAt: Int)
    case fields(HTTPFields)
  }

  private var storage: Storage

  init(head: ByteBuffer, fieldsAt place: Int) { storage = .bytes(head, fieldsAt: place) }

  /// Creates them from fields.
  public init(_ fields: HTTPFields) { storage = .fields(fields) }

  /// All of them.
  public var fields: HTTPFields {
    get {
      switch storage {
      case .fields(let fields): return fields
      case .bytes:
        var fields = HTTPFields()
        forEachLine { name, value in
          guard let name = HTTPField.Name(String(decoding: name, as: UTF8.self)) else { return }
          fields.append(HTTPField(name: name, value: String(decoding: value, as: UTF8.self)))
        }
        return fields
      }
    }
    set { storage = .fields(newValue) }
  }

  /// The value of a field; of several of that name joined with commas, cookies with semicolons; `nil` without one.
  public subscript(name: HTTPField.Name) -> String? {
    get {
      if case .fields(let fields) = storage { return fields[name] }
      let values = self[values: name]
      guard values.count > 1 else { return values.first }
      return values.joined(separator: name == .cookie ? "; " : ", ")
    }
    set {
      var fields = fields
      fields[name] = newValue
      self.fields = fields
    }
  }

  /// The values of all fields of a name, in the order in which they came.
  public subscript(values name: HTTPField.Name) -> [String] {
    if case .fields(let fields) = storage { return fields[values: name] }
    var values: [String] = []
    let canonicalName = name.canonicalName
    forEachLine { bytes, value in
      if HTTPByte.matches(bytes, canonicalName.utf8) { values.append(String(decoding: value, as: UTF8.self)) }
    }
    return values
  }

  /// Whether there is a field of a name.
  public func contains(_ name: HTTPField.Name) -> Bool {
    if case .fields(let fields) = storage { return fields.contains(name) }
    var isThere = false
    let canonicalName = name.canonicalName
    forEachLine { bytes, _ in isThere = isThere || HTTPByte.matches(bytes, canonicalName.utf8) }
    return isThere
  }

  private func forEachLine(
    _ body: (Slice<UnsafeRawBufferPointer>, Slice<UnsafeRawBufferPointer>) -> Void
  ) {
    guard case .bytes(let buffer, var place) = storage else { return }
    buffer.withUnsafeReadableBytes { bytes in
      while let lineFeed = HTTPByte.lineFeed(in: bytes, from: place), lineFeed > place + 1 {
        let line = bytes[place..<lineFeed - 1]
        place = lineFeed + 1
        guard let colon = line.firstIndex(of: HTTPByte.colon) else { continue }
        body(line[..<colon], HTTPByte.trimmed(line[(colon + 1)...]))
      }
    }
  }
}
