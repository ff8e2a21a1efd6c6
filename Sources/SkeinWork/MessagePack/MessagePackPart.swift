internal import FoundationEssentials

/// An array, a map or a single value while it is being encoded: how many elements it has is known at the end alone.
///
/// Plain values stand in the bytes of their container; a container in a container is a part of its own, with its place.
final class MessagePackPart {
  /// From how many bytes on they are not copied into their container first.
  static let longBytes = 1024

  enum Kind {
    case empty, value, array, map
    /// Many bytes, which are written once, at the end.
    case binary(Data)
  }

  private struct Entry {
    let key: String
    /// Where the value stands in the bytes, if it is no part.
    let range: Range<Int>
    let part: MessagePackPart?
  }

  private(set) var kind = Kind.empty
  private var writer = MessagePackWriter()
  private(set) var count = 0
  /// Of an array, in the order of their places.
  private var parts: [(place: Int, part: MessagePackPart)] = []
  private var entries: [Entry] = []

  /// Decides what it is: asked twice for the same kind of container, a value goes on with it.
  func become(_ kind: Kind) {
    switch (self.kind, kind) {
    case (.empty, _), (.array, .array), (.map, .map): self.kind = kind
    default: preconditionFailure("a value encodes itself as a \(self.kind), and then as a \(kind)")
    }
  }

  // MARK: Filling

  /// Appends a plain value.
  func append(_ write: (inout MessagePackWriter) -> Void) {
    write(&writer)
    count += 1
  }

  /// Sets a plain value for a key.
  func set(_ key: String, _ write: (inout MessagePackWriter) -> Void) {
    let start = writer.count
    write(&writer)
    entries.append(Entry(key: key, range: start..<writer.count, part: nil))
  }

  /// Appends a container.
  func appendPart() -> MessagePackPart {
    let part = MessagePackPart()
    parts.append((writer.count, part))
    count += 1
    return part
  }

  /// Sets a container for a key.
  func setPart(_ key: String) -> MessagePackPart {
    let part = MessagePackPart()
    entries.append(Entry(key: key, range: writer.count..<writer.count, part: part))
    return part
  }

  // MARK: The end

  /// Appends all of it to the whole.
  func flatten(into target: inout MessagePackWriter) {
    switch kind {
    case .empty: target.appendMapHeader(0)
    case .value: target.append(writer, 0..<writer.count)
    case .binary(let bytes): bytes.withUnsafeBytes { target.append(binary: $0) }
    case .array: flattenArray(into: &target)
    case .map: flattenMap(into: &target)
    }
  }

  private func flattenArray(into target: inout MessagePackWriter) {
    target.appendArrayHeader(count)
    var done = 0
    for (place, part) in parts {
      target.append(writer, done..<place)
      part.flatten(into: &target)
      done = place
    }
    target.append(writer, done..<writer.count)
  }

  private func flattenMap(into target: inout MessagePackWriter) {
    let entries = Self.ordered(entries)
    target.appendMapHeader(entries.count)
    for entry in entries {
      target.append(entry.key)
      if let part = entry.part {
        part.flatten(into: &target)
      } else {
        target.append(writer, entry.range)
      }
    }
  }

  /// By their keys' bytes; of equal keys the last one.
  private static func ordered(_ entries: [Entry]) -> [Entry] {
    func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
    if zip(entries, entries.dropFirst()).allSatisfy({ precedes($0.key, $1.key) }) { return entries }
    // The sort is stable.
    var ordered: [Entry] = []
    for entry in entries.sorted(by: { precedes($0.key, $1.key) }) {
      if ordered.last.map({ $0.key.utf8.elementsEqual(entry.key.utf8) }) ?? false { ordered.removeLast() }
      ordered.append(entry)
    }
    return ordered
  }
}
