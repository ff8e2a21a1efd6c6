import Foundation
import SkeinResilience
import Testing

@Suite("RetryPolicy as JSON")
struct RetryPolicyCodableTests {
  private func read(_ json: String) throws -> RetryPolicy {
    try JSONDecoder().decode(RetryPolicy.self, from: Data(json.utf8))
  }

  private func write(_ policy: RetryPolicy) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(policy), as: UTF8.self)
  }

  @Test("the standard policy has this form")
  func form() throws {
    #expect(
      try write(.standard)
        == #"{"backoff":{"initial":1,"kind":"exponential","multiplier":2},"cap":300,"jitter":"full","#
        + #""maximumAttempts":5,"retries":"all"}"#)
  }

  @Test(
    "a policy comes back as it was",
    arguments: [
      RetryPolicy.none, .standard,
      RetryPolicy(backoff: .fixed(.milliseconds(100)), jitter: .decorrelated, maximumAttempts: nil),
      RetryPolicy(
        backoff: .exponential(initial: .microseconds(7), multiplier: 1.5), overallDeadline: .seconds(86_400)),
      RetryPolicy(cap: RetryPolicy.longest, retries: .only(["A", "B.C"])),
      RetryPolicy(retries: .except([])),
    ])
  func roundTrip(policy: RetryPolicy) throws {
    #expect(try read(write(policy)) == policy)
  }

  @Test("what is missing is standard, and null attempts have no limit")
  func missingKeys() throws {
    #expect(try read("{}") == .standard)
    #expect(try read(#"{"maximumAttempts":null}"#).maximumAttempts == nil)
    #expect(try read(#"{"backoff":{"kind":"fixed","delay":0.25}}"#).backoff == .fixed(.milliseconds(250)))
  }

  @Test(
    "wrong input is an error that names the field",
    arguments: [
      (#"{"maximumAttempts":0}"#, "maximumAttempts"),
      (#"{"cap":-1}"#, "cap"),
      (#"{"cap":1e300}"#, "cap"),
      (#"{"overallDeadline":-0.5}"#, "overallDeadline"),
      (#"{"backoff":{"kind":"fixed","delay":-3}}"#, "delay"),
      (#"{"backoff":{"kind":"exponential","initial":1,"multiplier":0.9}}"#, "multiplier"),
      (#"{"backoff":{"kind":"linear"}}"#, "linear"),
      (#"{"jitter":"some"}"#, "some"),
      (#"{"retries":"none"}"#, "none"),
      (#"{"retries":{}}"#, "exactly one"),
      (#"{"retries":{"only":[],"except":[]}}"#, "exactly one"),
    ])
  func wrongInput(json: String, field: String) {
    let error = #expect(throws: DecodingError.self) { try read(json) }
    #expect(String(describing: error).contains(field))
  }

  @Test("a number that is none is refused")
  func notANumber() {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    for json in [#"{"cap":"nan"}"#, #"{"cap":"inf"}"#] {
      #expect(throws: DecodingError.self) { try decoder.decode(RetryPolicy.self, from: Data(json.utf8)) }
    }
  }
}
