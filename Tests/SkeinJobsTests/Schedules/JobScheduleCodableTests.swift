import Foundation
import SkeinJobs
import Testing

@Suite("JobSchedule as JSON")
struct JobScheduleCodableTests {
  private func decode(_ json: String) throws -> JobSchedule {
    try JSONDecoder().decode(JobSchedule.self, from: Data(json.utf8))
  }

  @Test("a schedule comes back as it was")
  func roundTrip() throws {
    let schedules = [
      try JobSchedule.cron("@hourly"),
      try .cron("30 4 * * MON#1", timeZone: "Europe/Berlin", jitter: .milliseconds(1500)),
      try .every(
        .milliseconds(1100), anchor: Date(timeIntervalSince1970: 1_700_000_000.125), jitter: .seconds(1)),
    ]
    let data = try JSONEncoder().encode(schedules)
    #expect(try JSONDecoder().decode([JobSchedule].self, from: data) == schedules)
  }

  @Test("the form is the documented one")
  func form() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let cron = try JobSchedule.cron("30 4 * * *", timeZone: "Europe/Berlin", jitter: .seconds(300))
    let text = String(decoding: try encoder.encode(cron), as: UTF8.self)
    #expect(text == #"{"cron":"30 4 * * *","jitter":300,"timeZone":"Europe/Berlin"}"#)
    let rate = try JobSchedule.every(.milliseconds(1500))
    let rateText = String(decoding: try encoder.encode(rate), as: UTF8.self)
    #expect(rateText == #"{"anchor":0,"every":1.5,"jitter":0}"#)
  }

  @Test("fields that are missing have their defaults")
  func defaults() throws {
    #expect(try decode(#"{"cron": "@daily"}"#) == .cron("@daily"))
    #expect(try decode(#"{"every": 90}"#) == .every(.seconds(90)))
  }

  @Test(
    "a wrong field is a decoding error that says why",
    arguments: [
      (#"{}"#, "either"), (#"{"cron": "@daily", "every": 5}"#, "either"), (#"{"cron": "* * *"}"#, "3 fields"),
      (#"{"cron": "@daily", "timeZone": "Europe/Berln"}"#, "Europe/Berlin"),
      (#"{"cron": "@daily", "jitter": 1e9}"#, "jitter"), (#"{"every": 0.5}"#, "interval"),
      (#"{"every": 1e300}"#, "interval"),
      (#"{"every": null}"#, "interval"), (#"{"every": 5, "anchor": 1e300}"#, "anchor"),
      (#"{"every": 5, "jitter": -1}"#, "jitter"),
    ])
  func wrong(json: String, phrase: String) throws {
    let error = try #require(throws: DecodingError.self) { try decode(json) }
    #expect("\(error)".contains(phrase))
  }
}
