import HTTPTypes
import NIOCore
import Testing

@testable import SkeinNetwork

@Suite("BodyDecoder")
struct BodyDecoderTests {
  private struct Outcome: Equatable {
    var body = ""
    var rest = ""
    var hasEnded = false
    var error: Int?
  }

  /// What becomes of a text that comes in pieces.
  private func decode(_ framing: BodyFraming, _ text: String, pieces: Int = .max) -> Outcome {
    var decoder = BodyDecoder(framing)
    var outcome = Outcome()
    var buffer = ByteBuffer()
    var rest = ByteBuffer(string: text)
    do throws(HTTPError) {
      repeat {
        var piece = rest.readSlice(length: min(pieces, rest.readableBytes))!
        buffer.writeBuffer(&piece)
        while case .bytes(let bytes) = try decoder.next(&buffer) { outcome.body += String(buffer: bytes) }
      } while rest.readableBytes > 0
    } catch { outcome.error = error.status.code }
    outcome.hasEnded = decoder.hasEnded
    outcome.rest = outcome.error == nil ? String(buffer: buffer) : ""
    return outcome
  }

  @Test("a body with a length ends there, and what follows stays")
  func length() {
    for pieces in 1...9 {
      #expect(
        decode(.length(5), "helloGET", pieces: pieces) == Outcome(body: "hello", rest: "GET", hasEnded: true))
    }
    #expect(decode(.length(5), "hel") == Outcome(body: "hel"))
    #expect(decode(.length(0), "GET") == Outcome(rest: "GET", hasEnded: true))
    #expect(decode(.none, "GET") == Outcome(rest: "GET", hasEnded: true))
  }

  @Test(
    "chunks are put together, in pieces of any size; extensions and trailers are passed over",
    arguments: [
      "5\r\nhello\r\n0\r\n\r\nGET",
      "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nGET",
      "005\r\nhello\r\n000\r\n\r\nGET",
      "5;a=b\r\nhello\r\n0;c\r\n\r\nGET",
      "5 ;a=\"b\"\r\nhello\r\n0\r\n\r\nGET",
      "1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\nA: b\r\nc:\r\n\r\nGET",
    ])
  func chunks(text: String) {
    for pieces in 1...text.utf8.count {
      #expect(decode(.chunked, text, pieces: pieces) == Outcome(body: "hello", rest: "GET", hasEnded: true))
    }
  }

  @Test("a size is read in both cases of letters")
  func hexadecimal() {
    let ten = String(repeating: "x", count: 0xA)
    #expect(decode(.chunked, "a\r\n\(ten)\r\nA\r\n\(ten)\r\n0\r\n\r\n").body == ten + ten)
  }

  @Test(
    "framing that could be read in two ways is refused",
    arguments: [
      "\r\n", "x\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", "1 \r\na\r\n", " 1\r\na\r\n", "1\na\r\n",
      "1\r\na\n0\r\n",
      "1\r\nab\r\n", "2\r\na\r\n0\r\n\r\n", "1x\r\na\r\n", "1;a\rb\r\na\r\n", "1;a\u{0}\r\na\r\n", "1\r\r\na",
      "ffffffffffffffff\r\n", "10000000000000000\r\na", "1,1\r\na\r\n",
      "0\r\nA : b\r\n\r\n", "0\r\n b\r\n\r\n", "0\r\nA: b\n\r\n", "0\r\nA: b\rc\r\n\r\n",
      "1;\(String(repeating: "e", count: 300))\r\n",
      "1;\(String(repeating: "e", count: 300))",
      "0\r\n\(String(repeating: "A: \(String(repeating: "b", count: 1000))\r\n", count: 9))",
    ])
  func refused(text: String) {
    #expect(decode(.chunked, text).error == 400)
    #expect(decode(.chunked, text, pieces: 1).error == 400)
  }

  @Test("nobody is made to read long extensions for single bytes")
  func overhead() {
    let costly = "1;\(String(repeating: "e", count: 200))\r\na\r\n"
    #expect(decode(.chunked, String(repeating: costly, count: 50)).error == nil)
    #expect(decode(.chunked, String(repeating: costly, count: 200)).error == 400)
    // Single bytes without extensions are no harm.
    #expect(decode(.chunked, String(repeating: "1\r\na\r\n", count: 100_000)).error == nil)
  }
}
