import Foundation
import SkeinWork
import Testing

@Suite("JSONCodec")
struct JSONCodecTests {
  struct Sample: Codable, Equatable {
    var b = "a/b"
    var a = 1
    var date = Date(timeIntervalSince1970: 1_700_000_000.25)
    var bytes = Data([0, 255])
  }

  private let codec = JSONCodec()

  @Test("equal values have equal bytes: keys are sorted, dates ISO 8601, bytes base64")
  func form() throws {
    let text = try String(decoding: codec.encode(Sample()), as: UTF8.self)
    #expect(text == #"{"a":1,"b":"a/b","bytes":"AP8=","date":"2023-11-14T22:13:20.250Z"}"#)
  }

  @Test("what was encoded is decoded")
  func roundTrip() throws {
    #expect(try codec.decode(Sample.self, from: codec.encode(Sample())) == Sample())
  }

  @Test("dates without a fraction are read, and other text is not")
  func dates() throws {
    let date = try codec.decode([Date].self, from: Data(#"["2023-11-14T22:13:20Z"]"#.utf8))[0]
    #expect(date == Date(timeIntervalSince1970: 1_700_000_000))
    #expect(throws: DecodingError.self) { try codec.decode([Date].self, from: Data(#"["yesterday"]"#.utf8)) }
  }

  @Test("what JSON can not express is an error")
  func infinity() {
    #expect(throws: EncodingError.self) { try codec.encode([Double.infinity]) }
  }
}
