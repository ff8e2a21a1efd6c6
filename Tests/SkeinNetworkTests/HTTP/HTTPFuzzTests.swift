import Glibc
import HTTPTypes
import NIOCore
import SkeinTesting
import Testing

@testable import SkeinNetwork

/// Requests that were changed at random: whatever comes, the server answers with responses that are well-formed, in the same
/// way whatever the pieces are, and takes nothing for a request once it has refused something. SKEIN_FUZZ_ROUNDS is how many
/// there are for each seed, SKEIN_FUZZ_SEED is added to the seeds.
@Suite("Fuzzing of HTTP", .timeLimit(.minutes(5)))
struct HTTPFuzzTests {
  private static let seeds = [
    "GET /a?b=c HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n",
    "HEAD /h HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    "PUT /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
    "GET http://h/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  ]
  private static let words = [
    "\r\n", "\n", "\r", " ", "\t", ":", "0", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n",
    "\u{0}", "%zz", "HTTP/1.1",
    "ffffffffffffffff", "-1", ";", ",", "\r\n\r\n", "Host: x\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "close", "ä",
  ]

  /// A stream of requests, in which something was changed here and there.
  private static func stream(_ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = (0..<Int.random(in: 1...4, using: &generator)).flatMap { _ in
      Array(seeds.randomElement(using: &generator)!.utf8)
    }
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0..<5, using: &generator) {
      case 0 where place < bytes.count: bytes.remove(at: place)
      case 1 where place < bytes.count: bytes[place] = .random(in: .min ... .max, using: &generator)
      case 2: bytes.insert(contentsOf: words.randomElement(using: &generator)!.utf8, at: place)
      case 3:
        bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...20, using: &generator)))
      default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 12)], at: place)
      }
    }
    return bytes
  }

  /// What the server sends, and which requests its handler saw.
  private static func serve(_ bytes: [UInt8], pieces: () -> Int) throws -> String {
    let wire = try Wire(handler: Wire.echo)
    var rest = ByteBuffer(bytes: bytes)
    while rest.readableBytes > 0 { try wire.send(rest.readSlice(length: min(pieces(), rest.readableBytes))!) }
    wire.end()
    wire.pass(.seconds(200))
    return try wire.take()
  }

  /// The statuses of responses; `nil` when one is malformed.
  private static func statuses(_ text: String) -> [Int]? {
    var rest = Array(text.utf8)[...]
    var statuses: [Int] = []
    while !rest.isEmpty {
      guard let end = rest.indices.first(where: { rest[$0...].starts(with: "\r\n\r\n".utf8) }) else {
        return nil
      }
      let lines = String(decoding: rest[..<end], as: UTF8.self).split(
        separator: "\r\n", omittingEmptySubsequences: false)
      guard lines[0].hasPrefix("HTTP/1.1 "), let status = Int(lines[0].dropFirst(9).prefix(3)) else {
        return nil
      }
      guard lines.dropFirst().allSatisfy({ $0.contains(": ") }) else { return nil }
      statuses.append(status)
      let length = lines.first { $0.hasPrefix("Content-Length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
      rest = rest[(end + 4)...]
      // The answer to HEAD has a length, and no body.
      rest = rest.starts(with: "HTTP/1.1 ".utf8) ? rest : rest.dropFirst(length)
    }
    return statuses
  }

  /// Runs so many streams from a seed on.
  static func fuzz(count: Int, seed: UInt64) throws {
    for round in 0..<UInt64(count) {
      var generator = SeededGenerator(seed: seed &+ round)
      let bytes = stream(&generator)
      let whole = try serve(bytes) { .max }
      let parts = try serve(bytes) { Int.random(in: 1...9, using: &generator) }
      guard let statuses = statuses(whole) else {
        Issue.record("seed \(seed &+ round): a malformed answer: \(whole.debugDescription)")
        return
      }
      // A refusal ends the connection: behind it comes no other answer.
      let refusal = statuses.firstIndex { [400, 414, 431, 501, 505].contains($0) } ?? statuses.count
      #expect(refusal >= statuses.count - 1, "seed \(seed &+ round): \(statuses)")
      let isSame = normal(whole) == normal(parts)
      #expect(
        isSame,
        "seed \(seed &+ round): \(whole.debugDescription) in one piece, \(parts.debugDescription) in parts")
      if !isSame { return }
    }
  }

  /// What the client is told does not depend on pieces, but whether it was asked for a body that had come already does.
  private static func normal(_ text: String) -> String {
    text.replacing("HTTP/1.1 100 Continue\r\n\r\n", with: "")
  }

  @Test("changed requests", arguments: [1, 1_000_000_000, 2_000_000_000, 3_000_000_000] as [UInt64])
  func changed(seed: UInt64) async throws {
    let count = Self.setting("SKEIN_FUZZ_ROUNDS") ?? 5000
    let offset = Self.setting("SKEIN_FUZZ_SEED") ?? 0
    try await onWire { try Self.fuzz(count: Int(count), seed: seed &+ offset) }
  }

  private static func setting(_ name: String) -> UInt64? {
    getenv(name).flatMap { UInt64(String(cString: $0)) }
  }

  @Test("any bytes at all")
  func anyBytes() async throws {
    try await onWire {
      for seed in 0..<500 as Range<UInt64> {
        var generator = SeededGenerator(seed: seed)
        let bytes = (0..<Int.random(in: 1...200, using: &generator)).map { _ in
          UInt8.random(in: .min ... .max, using: &generator)
        }
        let statuses = Self.statuses(try Self.serve(bytes) { .max })
        #expect(statuses == [] || statuses == [400] || statuses == [505] || statuses == [501], "seed \(seed)")
      }
    }
  }
}
