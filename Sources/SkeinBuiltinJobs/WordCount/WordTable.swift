internal import Glibc
internal import SkeinJobs

/// How often each word was seen: a hash table with open addressing over words that stand one behind the
/// other.
///
/// No word becomes a `String`, or an allocation of its own, until it is asked for.
///
/// - Invariant: `slots.count` is a power of two and at least twice `entries.count`, so that every probe ends.
struct WordTable: Sendable {
  private struct Entry {
    var start: Int
    var count: Int
    var length: Int32
  }

  /// Where to find a word: an entry and the word's hash, in eight bytes, so that a probe rarely looks further
  /// in vain.
  private struct Slot {
    /// The index of the entry plus one; 0 when free.
    var number: UInt32 = 0
    var hash: UInt32 = 0
  }

  private var bytes: [UInt8] = []
  private var entries: [Entry] = []
  private var slots = [Slot](repeating: Slot(), count: 1024)
  /// Makes the order in the table differ from run to run, so that no text can be made to collide.
  private let seed = UInt64.random(in: .min ... .max)

  /// How many different words there are.
  var count: Int { entries.count }

  /// Counts a word.
  ///
  /// - Complexity: the length of the word, on average.
  /// - Precondition: the table has less than four billion words.
  mutating func add(_ word: UnsafeRawBufferPointer, count: Int = 1) {
    let hash = hash(of: word)
    let mask = slots.count - 1
    var index = Int(hash) & mask
    while slots[index].number != 0 {
      let entry = Int(slots[index].number) - 1
      if slots[index].hash == hash, isEqual(entries[entry], word) {
        entries[entry].count += count
        return
      }
      index = (index + 1) & mask
    }
    entries.append(Entry(start: bytes.count, count: count, length: Int32(word.count)))
    bytes.append(contentsOf: word)
    slots[index] = Slot(number: UInt32(entries.count), hash: hash)
    if entries.count * 2 > slots.count { grow() }
  }

  /// Calls `body` with each word and its count, in the order in which the words were first seen.
  func forEach(_ body: (UnsafeRawBufferPointer, Int) -> Void) {
    bytes.withUnsafeBytes { bytes in
      for entry in entries {
        let word = bytes[entry.start..<(entry.start + Int(entry.length))]
        body(UnsafeRawBufferPointer(rebasing: word), entry.count)
      }
    }
  }

  /// The most frequent words; of equally frequent ones, first the one with the lower bytes.
  ///
  /// - Complexity: `count` times the logarithm of `limit`, as a rule; `count` times `limit` at the worst.
  func top(_ limit: Int) -> [WordCount.Frequency] {
    var best: [Entry] = []
    for entry in entries {
      if best.count == limit, best.last.map({ comesBefore(entry, $0) }) != true { continue }
      best.insert(entry, at: best.partitioningIndex { comesBefore(entry, $0) })
      if best.count > limit { best.removeLast() }
    }
    return best.map { entry in
      WordCount.Frequency(word: String(decoding: text(of: entry), as: UTF8.self), count: entry.count)
    }
  }

  private func comesBefore(_ one: Entry, _ other: Entry) -> Bool {
    guard one.count == other.count else { return one.count > other.count }
    return text(of: one).lexicographicallyPrecedes(text(of: other))
  }

  private func text(of entry: Entry) -> ArraySlice<UInt8> {
    bytes[entry.start..<(entry.start + Int(entry.length))]
  }

  private func isEqual(_ entry: Entry, _ word: UnsafeRawBufferPointer) -> Bool {
    guard Int(entry.length) == word.count else { return false }
    // No word is empty, so both have an address.
    return bytes.withUnsafeBytes { bytes in
      memcmp(bytes.baseAddress! + entry.start, word.baseAddress!, word.count) == 0
    }
  }

  private mutating func grow() {
    let old = slots
    let mask = old.count * 2 - 1
    slots = [Slot](repeating: Slot(), count: mask + 1)
    for slot in old where slot.number != 0 {
      var index = Int(slot.hash) & mask
      while slots[index].number != 0 { index = (index + 1) & mask }
      slots[index] = slot
    }
  }

  /// - Source: the folded multiplication of Wang Yi's wyhash, eight bytes at a time.
  private func hash(of word: UnsafeRawBufferPointer) -> UInt32 {
    var hash = seed ^ UInt64(word.count)
    var offset = 0
    while offset + 8 <= word.count {
      hash = Self.fold(hash ^ word.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < word.count {
      rest = rest << 8 | UInt64(word[offset])
      offset += 1
    }
    return UInt32(truncatingIfNeeded: Self.fold(hash ^ rest))
  }

  private static func fold(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }
}
