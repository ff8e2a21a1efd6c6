/// An array, a map or a single value while it is being encoded: how many elements it has is known at the end alone.
///
/// Plain values stand in the bytes of their container; a container in a container is a part of its own, with its place.
final class MessagePackPart {
  enum Kind {
    case empty, value, array, map
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
    precondition(
      self.kind == .empty || self.kind == kind && kind != .value,
      "a value encodes itself as a \(self.kind), and then as a \(kind)")
    self.kind = kind
  }

  // MARK: Filling

  /// Appends a plain value.
  func append(_ write: (inout MessagePackWriter) -> Void) {
    write(&writer)
    count += 1
  }

  /// Sets a plain value for a key.
  func set(_ key: String, _ write: (inout MessagePackWriter) -> Void) {
    let start = writer.bytes.count
    write(&writer)
    entries.append(Entry(key: key, range: start..<writer.bytes.count, part: nil))
  }

  /// Appends a container.
  func appendPart() -> MessagePackPart {
    let part = MessagePackPart()
    parts.append((writer.bytes.count, part))
    count += 1
    return part
  }

  /// Sets a container for a key.
  func setPart(_ key: String) -> MessagePackPart {
    let part = MessagePackPart()
    entries.append(Entry(key: key, range: writer.bytes.count..<writer.bytes.count, part: part))
    return part
  }

  // MARK: The end

  /// Appends all of it to the whole.
  func flatten(into target: inout MessagePackWriter) {
    switch kind {
    case .empty: target.appendMapHeader(0)
    case .value: target.bytes += writer.bytes
    case .array: flattenArray(into: &target)
    case .map: flattenMap(into: &target)
    }
  }

  private func flattenArray(into target: inout MessagePackWriter) {
    target.appendArrayHeader(count)
    var done = 0
    for (place, part) in parts {
      target.bytes += writer.bytes[done..<place]
      part.flatten(into: &target)
      done = place
    }
    target.bytes += writer.bytes[done...]
  }

  private func flattenMap(into target: inout MessagePackWriter) {
    let entries = Self.ordered(entries)
    target.appendMapHeader(entries.count)
    for entry in entries {
      target.append(entry.key)
      if let part = entry.part {
        part.flatten(into: &target)
      } else {
        target.bytes += writer.bytes[entry.range]
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
