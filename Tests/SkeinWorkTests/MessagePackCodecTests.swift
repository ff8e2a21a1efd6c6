import FoundationEssentials
import SkeinTesting
import SkeinWork
import TestPrograms
import Testing

private let codec = MessagePackCodec()

private func hex(_ bytes: Data) -> String {
  bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

private func bytes(_ hex: String) -> Data {
  let digits = hex.filter { $0 != " " }.compactMap(\.hexDigitValue)
  return Data(stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
}

private enum Shape: Codable, Hashable {
  case circle(radius: Double)
  case polygon([Point], name: String?)
  case nothing
}

private struct Point: Codable, Hashable {
  var x: Int
  var y: Int8
}

private class Base: Codable {
  var id = 1
  init(id: Int) { self.id = id }
}

private final class Derived: Base {
  var name = ""
  init(id: Int, name: String) {
    super.init(id: id)
    self.name = name
  }
  private enum Keys: CodingKey { case name }
  required init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    name = try container.decode(String.self, forKey: .name)
    try super.init(from: container.superDecoder())
  }
  override func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(name, forKey: .name)
    try super.encode(to: container.superEncoder())
  }
}

private struct Sample: Codable, Hashable {
  var flag = true
  var small: UInt8 = 200
  var large = Int64.min
  var ratio = 0.1
  var single: Float = -2.5
  var text = "größer 漢字"
  var bytes: [UInt8] = [1, 2, 3]
  var data = Data([9, 8])
  var date = Date(timeIntervalSince1970: 1_700_000_000.5)
  var none: Int?
  var some: Int? = 4
  var list = [[1, 2], [], [3]]
  var table = ["b": 1, "a": 2, "c": 3]
  var byNumber = [1: "one", -2: "minus two"]
  var shapes: [Shape] = [.nothing, .circle(radius: 1), .polygon([Point(x: 1, y: -1)], name: nil)]
}

@Suite("MessagePackCodec")
struct MessagePackCodecTests {
  @Test("integers and lengths take as many bytes as they need")
  func smallest() throws {
    func check<Value: Codable & Equatable>(_ value: Value, _ expected: String) throws {
      let encoded = try codec.encode(value)
      #expect(hex(encoded) == expected)
      #expect(try codec.decode(Value.self, from: encoded) == value)
    }
    let positive: [(UInt64, String)] = [
      (0, "00"), (127, "7f"), (128, "cc80"), (255, "ccff"), (256, "cd0100"), (65_535, "cdffff"),
      (65_536, "ce00010000"), (4_294_967_295, "ceffffffff"), (4_294_967_296, "cf0000000100000000"),
      (.max, "cfffffffffffffffff"),
    ]
    for (number, expected) in positive { try check(number, expected) }
    let negative: [(Int64, String)] = [
      (-1, "ff"), (-32, "e0"), (-33, "d0df"), (-128, "d080"), (-129, "d1ff7f"), (-32_768, "d18000"),
      (-32_769, "d2ffff7fff"), (-2_147_483_648, "d280000000"), (-2_147_483_649, "d3ffffffff7fffffff"),
      (.min, "d38000000000000000"), (5, "05"),
    ]
    for (number, expected) in negative { try check(number, expected) }
    try check(true, "c3")
    try check(Float(1.5), "ca3fc00000")
    try check(1.5, "cb3ff8000000000000")
    try check(Optional<Int>.none, "c0")
    try check("", "a0")
    try check(String(repeating: "a", count: 31), "bf" + String(repeating: "61", count: 31))
    try check(String(repeating: "a", count: 32), "d920" + String(repeating: "61", count: 32))
    try check([UInt8](repeating: 1, count: 2), "c4020101")
    try check(Data([7]), "c40107")
    try check([1, 2], "920102")
    try check(["a": 1], "81a16101")
    for count in [255, 256, 65_535, 65_536, 70_000] {
      let text = String(repeating: "x", count: count)
      #expect(try codec.decode(String.self, from: codec.encode(text)) == text)
      let data = Data(repeating: 3, count: count)
      #expect(try codec.decode(Data.self, from: codec.encode(data)) == data)
      let list = Array(repeating: 5, count: count)
      #expect(try codec.decode([Int].self, from: codec.encode(list)) == list)
    }
    for count in [15, 16, 65_536] {
      let table = Dictionary(uniqueKeysWithValues: (0..<count).map { ("key \($0)", $0) })
      #expect(try codec.decode([String: Int].self, from: codec.encode(table)) == table)
    }
  }

  @Test("dates are timestamps of 4, 8 or 12 bytes")
  func dates() throws {
    for (seconds, expected) in [
      (0, "d6ff00000000"), (1.5, "d7ff7735940000000001"), (-1, "c70cff00000000ffffffffffffffff"),
      (Double(1 << 34), "c70cff000000000000000400000000"), (Double(1 << 33), "d7ff0000000200000000"),
    ] {
      let date = Date(timeIntervalSince1970: seconds)
      let encoded = try codec.encode(date)
      #expect(hex(encoded) == expected)
      #expect(try codec.decode(Date.self, from: encoded) == date)
    }
    for seconds in [Double.infinity, -.infinity, .nan, 1e30] {
      #expect(throws: EncodingError.self) { try codec.encode([Date(timeIntervalSince1970: seconds)]) }
      #expect(throws: EncodingError.self) { try codec.encode(Date(timeIntervalSince1970: seconds)) }
    }
    #expect(try codec.decode(Date.self, from: bytes("05")) == Date(timeIntervalSince1970: 5))
  }

  @Test("values of all kinds come back, and equal ones have equal bytes")
  func roundTrip() throws {
    let sample = Sample()
    let encoded = try codec.encode(sample)
    #expect(try codec.decode(Sample.self, from: encoded) == sample)
    var again = Sample()
    again.table = [:]
    for key in ["c", "b", "a"] { again.table[key] = sample.table[key] }
    #expect(try codec.encode(again) == encoded)
    let derived = try codec.decode(Derived.self, from: codec.encode(Derived(id: 7, name: "x")))
    #expect(derived.id == 7 && derived.name == "x")
    #expect(try codec.encode(Nothing()) == bytes("80"))
  }

  @Test("a number goes to any type that has it, and to no other")
  func numbers() throws {
    #expect(try codec.decode(UInt8.self, from: bytes("cd00ff")) == 255)
    #expect(try codec.decode(Int.self, from: bytes("cb4008000000000000")) == 3)
    #expect(try codec.decode(Double.self, from: bytes("03")) == 3)
    #expect(try codec.decode(Float.self, from: bytes("cb3ff8000000000000")) == 1.5)
    #expect(throws: DecodingError.self) { try codec.decode(UInt8.self, from: bytes("cd0100")) }
    #expect(throws: DecodingError.self) { try codec.decode(UInt.self, from: bytes("ff")) }
    #expect(throws: DecodingError.self) { try codec.decode(Int.self, from: bytes("cb3ff8000000000000")) }
    #expect(throws: DecodingError.self) { try codec.decode(Double.self, from: bytes("cfffffffffffffffff")) }
  }

  @Test("an error names the place")
  func places() throws {
    let wrong = try codec.encode(["shapes": [["circle": ["radius": "round"]]]])
    do {
      _ = try codec.decode([String: [Shape]].self, from: wrong)
      Issue.record("a text was taken for a number")
    } catch DecodingError.typeMismatch(_, let context) {
      #expect(context.codingPath.map(\.stringValue) == ["shapes", "0", "circle", "radius"])
    }
    do {
      _ = try codec.decode(Point.self, from: bytes("81a17801"))
      Issue.record("a key is missing")
    } catch DecodingError.keyNotFound(let key, _) { #expect(key.stringValue == "y") }
  }

  @Test("unknown keys are passed over, and of equal ones the last one counts")
  func keys() throws {
    #expect(try codec.decode(Point.self, from: bytes("84a17801a17802a17903a17aC0")) == Point(x: 2, y: 3))
    #expect(try codec.decode([String: Int].self, from: bytes("820105a161 06")) == ["1": 5, "a": 6])
  }

  @Test("what is cut off, too deep, or announces more than there is, is refused before it costs anything")
  func hostile() throws {
    let sample = try codec.encode(Sample())
    for count in 0..<sample.count {
      #expect(throws: DecodingError.self) { try codec.decode(Sample.self, from: sample.prefix(count)) }
    }
    #expect(throws: DecodingError.self) { try codec.decode(Sample.self, from: sample + Data([0])) }
    for text in [
      "dbffffffff", "c6ffffffff00", "ddffffffff", "dfffffffff", "c1", "c9ffffffff01", "d4", "92", "81a161",
    ] {
      #expect(throws: DecodingError.self) { try codec.decode([Int].self, from: bytes(text)) }
    }
    let deep = Data(repeating: 0x91, count: 100_000) + Data([0xC0])
    #expect(throws: DecodingError.self) { try codec.decode([Int].self, from: deep) }
    #expect(throws: DecodingError.self) { try codec.decode(String.self, from: bytes("a1ff")) }
    #expect(throws: DecodingError.self) { try codec.decode(Date.self, from: bytes("d7ffffffffff00000000")) }
  }

  @Test("whatever bytes come, decoding ends", arguments: [1, 2, 3] as [UInt64])
  func fuzzing(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let sample = try codec.encode(Sample())
    var decoded = 0
    for _ in 0..<7000 {
      var mutated = sample
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        mutated[Int.random(in: 0..<mutated.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      if let value = try? codec.decode(Sample.self, from: mutated) {
        decoded += 1
        let again = try codec.decode(Sample.self, from: codec.encode(value))
        let isSame = again == value || value.ratio.isNaN || value.single.isNaN
        #expect(isSame, "seed \(seed)")
      }
    }
    #expect(decoded > 0, "seed \(seed)")
  }

  @Test("packed numbers are their memory, in MessagePack and in JSON")
  func packed() throws {
    let numbers = Packed<Int32>([1, -1, 70_000])
    #expect(hex(try codec.encode(numbers)) == "c40c01000000ffffffff70110100")
    #expect(try codec.decode(Packed<Int32>.self, from: codec.encode(numbers)) == numbers)
    #expect(try JSONCodec().decode(Packed<Int32>.self, from: JSONCodec().encode(numbers)) == numbers)
    #expect(throws: DecodingError.self) { try codec.decode(Packed<Int32>.self, from: bytes("c403010203")) }
    #expect(numbers.reduce(0) { $0 + Int($1) } == 70_000)
  }

  private static let hasPeer = CPython.path != nil && MessagePackPeer.isInstalled

  @Test("long bytes are values of their own: a change of what was decoded changes nothing else")
  func longBytes() throws {
    let codec = MessagePackCodec()
    let encoded = try codec.encode(Data(repeating: 7, count: 1 << 17))
    var decoded = try codec.decode(Data.self, from: encoded)
    decoded[0] = 1
    decoded.append(2)
    #expect(try codec.decode(Data.self, from: encoded) == Data(repeating: 7, count: 1 << 17))
  }

  @Test("Python's msgpack writes the same bytes for the same values, and reads ours", .enabled(if: hasPeer))
  func python() async throws {
    let script = """
      import sys, msgpack, binascii
      values = [None, True, False, 0, 127, 128, 65535, 65536, 2**32, 2**64-1, -1, -32, -33, -128, -129, -2**31, -2**63,
        1.5, -0.1, "", "größer", "x" * 40, "y" * 300, b"", bytes(300), [], [1, "a", None], list(range(20)),
        {"a": 1, "b": [1.5, {"c": b"\\x01"}]}, [[[]]]]
      for value in values:
        print(binascii.hexlify(msgpack.packb(value, use_bin_type=True)).decode())
      for line in sys.stdin:
        msgpack.unpackb(binascii.unhexlify(line.strip()), timestamp=3)
      """
    let sample = try codec.encode(Sample())
    let lines = try await CPython.run(script, input: [hex(sample)])
    #expect(lines.count == 30)
    for line in lines {
      // What any value is: read, and written again, it has the same bytes.
      let value = try codec.decode(AnyValue.self, from: bytes(line))
      #expect(hex(try codec.encode(value)) == line)
    }
  }
}

private enum MessagePackPeer {
  static let isInstalled = ["/usr/lib/python3/dist-packages/msgpack"].contains {
    FileManager.default.fileExists(atPath: $0)
  }
}

/// A value of any kind.
private enum AnyValue: Codable {
  case null
  case bool(Bool)
  case integer(Int64)
  case unsigned(UInt64)
  case float(Double)
  case text(String)
  case data(Data)
  case list([AnyValue])
  case table([String: AnyValue])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let data = try? value.decode(Data.self) {
      self = .data(data)
    } else if let list = try? value.decode([AnyValue].self) {
      self = .list(list)
    } else if let table = try? value.decode([String: AnyValue].self) {
      self = .table(table)
    } else if let integer = try? value.decode(Int64.self) {
      self = .integer(integer)
    } else if let unsigned = try? value.decode(UInt64.self) {
      self = .unsigned(unsigned)
    } else {
      self = .float(try value.decode(Double.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .null: try value.encodeNil()
    case .bool(let bool): try value.encode(bool)
    case .integer(let integer): try value.encode(integer)
    case .unsigned(let unsigned): try value.encode(unsigned)
    case .float(let float): try value.encode(float)
    case .text(let text): try value.encode(text)
    case .data(let data): try value.encode(data)
    case .list(let list): try value.encode(list)
    case .table(let table): try value.encode(table)
    }
  }
}
