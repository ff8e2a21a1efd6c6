import Foundation
import SkeinJobs
import Testing

@Suite("JobID")
struct JobIDTests {
  @Test("an id is a UUID of version 7 and of the RFC's variant")
  func form() throws {
    let id = JobID()
    let uuid = try #require(UUID(uuidString: id.description))
    #expect(uuid.uuidString.lowercased() == id.description)
    #expect(id.description.dropFirst(14).first == "7")
    #expect("89ab".contains(try #require(id.description.dropFirst(19).first)))
  }

  @Test("its first 48 bits are the milliseconds since 1970")
  func time() {
    let before = UInt128(Date().timeIntervalSince1970 * 1000)
    let milliseconds = JobID().bits >> 80
    let after = UInt128(Date().timeIntervalSince1970 * 1000)
    // Where many are made, their time runs ahead a little.
    #expect((before...(after + 10_000)).contains(milliseconds))
  }

  @Test("ids that are made one after the other are in order, also within a millisecond")
  func order() {
    let ids = (0..<10_000).map { _ in JobID() }
    #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("ids that threads make at the same time differ")
  func unique() async {
    let ids = await withTaskGroup(of: [JobID].self) { group in
      for _ in 0..<8 { group.addTask { (0..<1000).map { _ in JobID() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(ids).count == 8000)
  }

  @Test("the text form is read back, in capitals too; anything else is refused")
  func text() {
    let id = JobID()
    #expect(JobID(id.description) == id)
    #expect(JobID(id.description.uppercased()) == id)
    for wrong in [
      "", "12", "zz" + id.description.dropFirst(2), id.description + "0", "+" + id.description.dropFirst(),
    ] {
      #expect(JobID(String(wrong)) == nil, "\(wrong)")
    }
  }

  @Test("the JSON form is the text; another text is an error")
  func json() throws {
    let id = JobID()
    let data = try JSONEncoder().encode([id])
    #expect(String(decoding: data, as: UTF8.self) == "[\"\(id)\"]")
    #expect(try JSONDecoder().decode([JobID].self, from: data) == [id])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([JobID].self, from: Data("[\"x\"]".utf8)) }
  }
}
