import SkeinJobs
import SkeinResilience
import Testing

@testable import SkeinJobForms

@Suite struct DurationTextTests {
  @Test(
    "spans are read as people write them",
    arguments: [
      ("500ms", Duration.milliseconds(500)), ("2s", .seconds(2)), ("5m", .seconds(300)),
      ("1h", .seconds(3600)),
      ("1d", .seconds(86_400)), ("1h30m", .seconds(5400)), ("1.5s", .milliseconds(1500)), ("0s", .zero),
    ])
  func read(_ text: String, _ span: Duration) throws {
    #expect(try DurationText.parse(text) == span)
  }

  @Test(
    "what is no span is refused with the reason",
    arguments: [
      ("", "it is empty"), ("5", "the unit is missing"), ("5x", "'x' is no unit"),
      ("s", "a number was expected"),
      ("-1s", "a number was expected"), ("1.s", "a number was expected"), ("1s2", "the unit is missing"),
      ("1 s", "the unit is missing"), ("101000d", "a hundred years"), ("٣s", "a number was expected"),
    ])
  func refuse(_ text: String, _ reason: String) {
    #expect { try DurationText.parse(text) } throws: { "\($0)".contains(reason) && "\($0)".contains("1h30m") }
  }

  @Test("a backoff is exponential unless it says otherwise")
  func backoff() throws {
    #expect(try BackoffText.parse("1s") == .exponential(initial: .seconds(1), multiplier: 2))
    #expect(try BackoffText.parse("exponential:2s") == .exponential(initial: .seconds(2), multiplier: 2))
    #expect(try BackoffText.parse("exponential:2s*3") == .exponential(initial: .seconds(2), multiplier: 3))
    #expect(try BackoffText.parse("fixed:250ms") == .fixed(.milliseconds(250)))
  }

  @Test(
    "what is no backoff is refused",
    arguments: ["linear:1s", "exponential:1s*0.5", "fixed:", "exponential:1s*x"])
  func refuseBackoff(_ text: String) {
    #expect(throws: JobQueueError.self) { try BackoffText.parse(text) }
  }
}
