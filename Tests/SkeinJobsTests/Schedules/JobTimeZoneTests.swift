import Foundation
import SkeinJobs
import Testing

@Suite("JobTimeZone")
struct JobTimeZoneTests {
  @Test(
    "names with a slash, UTC and GMT are taken",
    arguments: [
      "UTC", "GMT", "Etc/UTC", "Europe/Berlin", "Europe/Kyiv", "Asia/Calcutta",
      "America/Argentina/Buenos_Aires",
      "Etc/GMT-3",
    ])
  func known(name: String) throws {
    let zone = try JobTimeZone(name)
    #expect(zone.identifier == name)
    #expect(zone.description == name)
  }

  @Test("an unknown name is an error that suggests near ones")
  func unknown() throws {
    let rows = [
      ("Europe/Berln", "Europe/Berlin"), ("Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"),
      ("New York", "America/New_York"), ("america/new_york", "America/New_York"), ("utc", "UTC"),
      ("Asia/Calcuta", "Asia/Calcutta"), ("Amerika/Sao_Paulo", "America/Sao_Paulo"),
      ("Asia/Berlin", "Europe/Berlin"),
    ]
    for (name, near) in rows {
      let error = try #require(invalidSchedule { try JobTimeZone(name) })
      #expect(error.part == "time zone")
      #expect(error.text == name)
      #expect(error.advice.hasPrefix("did you mean \(near)"), "\(error)")
    }
  }

  @Test(
    "abbreviations, offsets and nonsense are refused",
    arguments: [
      "EST", "BST", "CET", "UTC+1", "+01:00", "", "/", "Mars/Olympus", "../../etc/passwd", "Europe/Berlin ",
    ])
  func refused(name: String) throws {
    let error = try #require(invalidSchedule { try JobTimeZone(name) })
    #expect(error.description.contains("region and city"))
  }

  @Test("the JSON form is the name; an unknown one is a decoding error that says why")
  func json() throws {
    let zone = try JobTimeZone("Asia/Kathmandu")
    let data = try JSONEncoder().encode([zone, .utc])
    #expect(try JSONDecoder().decode([String].self, from: data) == ["Asia/Kathmandu", "UTC"])
    #expect(try JSONDecoder().decode([JobTimeZone].self, from: data) == [zone, .utc])
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([JobTimeZone].self, from: Data(#"["Asia/Kathmandoo"]"#.utf8))
    }
    #expect("\(try #require(error))".contains("Asia/Kathmandu"))
  }
}
