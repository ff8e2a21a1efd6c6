internal import Glibc
internal import SkeinSync

/// The identity of a job: a UUID of version 7, which sorts by the time of its making.
///
/// - Source: RFC 9562, section 5.7; the twelve bits after the version count within a millisecond (method 1).
public struct JobID: Hashable, Comparable, Sendable {
  // Two words and not a UInt128, whose alignment of 16 bytes makes Swift 6.3.1 lay out the frames of some
  // asynchronous closures wrongly: one that captured an id and iterated over records jumped to nowhere.
  private let high: UInt64
  private let low: UInt64

  /// Creates an identity from its bits.
  public init(bits: UInt128) {
    high = UInt64(truncatingIfNeeded: bits >> 64)
    low = UInt64(truncatingIfNeeded: bits)
  }

  /// The 128 bits, most significant first.
  public var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }

  /// Makes a new identity, later than every one made before in this process.
  public init() {
    let stamp = Self.lastStamp.withLock { last in
      last = max(last + 1, Self.currentStamp())
      return last
    }
    let milliseconds = UInt128(stamp >> 12)
    let counter = UInt128(stamp & 0xfff)
    let random = UInt128(UInt64.random(in: 0...UInt64.max) & 0x3fff_ffff_ffff_ffff)
    self.init(bits: milliseconds << 80 | 0x7 << 76 | counter << 64 | 0x2 << 62 | random)
  }

  /// Milliseconds since 1970, then twelve bits that count within one.
  private static let lastStamp = Lock<UInt64>(0, name: "job ids")

  private static func currentStamp() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let milliseconds = UInt64(now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000
    return milliseconds << 12 | (UInt64(now.tv_nsec) % 1_000_000) * 4096 / 1_000_000
  }

  /// Tells which of two identities was made earlier.
  public static func < (left: JobID, right: JobID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

extension JobID: LosslessStringConvertible {
  /// Reads the usual form of 36 characters, in upper or lower case; `nil` for anything else.
  public init?(_ description: String) {
    let groups = description.split(separator: "-", omittingEmptySubsequences: false)
    let digits = groups.joined()
    let isHexadecimal = digits.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], isHexadecimal, let bits = UInt128(digits, radix: 16)
    else { return nil }
    self.init(bits: bits)
  }

  /// The usual form: 36 characters in lower case.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(unsafeUninitializedCapacity: 36) { buffer in
      var shift = 124
      for place in 0..<36 {
        if [8, 13, 18, 23].contains(place) {
          buffer[place] = UInt8(ascii: "-")
        } else {
          buffer[place] = digits[Int(truncatingIfNeeded: bits >> shift) & 0xf]
          shift -= 4
        }
      }
      return 36
    }
  }
}

extension JobID: Codable {
  /// Decodes the text form.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let id = JobID(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no job id")
    }
    self = id
  }

  /// Encodes the text form.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
