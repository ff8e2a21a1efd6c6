import HTTPTypes
import Testing

@testable import SkeinNetwork

@Suite("Ranges and conditions")
struct ByteRangeTests {
  @Test(
    "ranges of a file of ten bytes",
    arguments: [
      ("bytes=0-4", ByteRange.part(0..<5)), ("bytes=5-", .part(5..<10)), ("bytes=-3", .part(7..<10)),
      ("bytes=0-99", .part(0..<10)), ("bytes=-99", .part(0..<10)), ("bytes=9-9", .part(9..<10)),
      ("Bytes = 0-0 ".replacing(" ", with: ""), .part(0..<1)), ("bytes=0-1,2-4", .part(0..<5)),
      ("bytes=3-4, 0-3", .part(0..<5)),
      ("bytes=0-1,5-6", .whole), ("bytes=10-", .unsatisfiable), ("bytes=99-100", .unsatisfiable),
      ("bytes=-0", .unsatisfiable),
      ("bytes=10-,0-1", .part(0..<2)), ("bytes=4-3", .whole), ("bytes=", .whole), ("bytes=a-b", .whole),
      ("bytes=-", .whole),
      ("items=0-1", .whole), ("bytes 0-1", .whole), ("bytes=+1-2", .whole), ("bytes=0-1,x", .whole),
      ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=0-99999999999999999999", .part(0..<10)),
      ("bytes=0-9223372036854775807", .part(0..<10)),
      ("bytes=-99999999999999999999", .part(0..<10)), ("bytes=,0-1,", .part(0..<2)),
    ])
  func ranges(field: String, expected: ByteRange) { #expect(ByteRange(field, size: 10) == expected) }

  @Test("an empty file has no ranges")
  func empty() {
    #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
    #expect(ByteRange("bytes=-1", size: 0) == .unsatisfiable)
  }

  private static let (before, then, after) = (
    "Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT"
  )

  @Test(
    "conditions count in their order",
    arguments: [
      (HTTPFields(), Condition.holds),
      ([.ifNoneMatch: "\"a\""], .notModified), ([.ifNoneMatch: "W/\"a\""], .notModified),
      ([.ifNoneMatch: "*"], .notModified),
      ([.ifNoneMatch: "\"b\", \"a\""], .notModified), ([.ifNoneMatch: "\"b\""], .holds),
      ([.ifNoneMatch: "a"], .holds),
      ([.ifNoneMatch: "\"x,\"a\""], .holds), ([.ifNoneMatch: "\"b"], .holds),
      ([.ifModifiedSince: then], .notModified), ([.ifModifiedSince: after], .notModified),
      ([.ifModifiedSince: before], .holds),
      ([.ifModifiedSince: "nonsense"], .holds), ([.ifNoneMatch: "\"b\"", .ifModifiedSince: after], .holds),
      ([.ifMatch: "\"a\""], .holds), ([.ifMatch: "*"], .holds), ([.ifMatch: "W/\"a\""], .failed),
      ([.ifMatch: "\"b\""], .failed),
      ([.ifUnmodifiedSince: then], .holds), ([.ifUnmodifiedSince: before], .failed),
      ([.ifMatch: "\"a\"", .ifUnmodifiedSince: before], .holds),
      ([.ifMatch: "\"a\"", .ifNoneMatch: "\"a\""], .notModified),
    ] as [(HTTPFields, Condition)])
  func conditions(fields: HTTPFields, expected: Condition) {
    #expect(Condition(Request(.get, "/", headers: fields), tag: "\"a\"", modified: 784_111_777) == expected)
  }

  @Test("a condition on a change is failed, and not unmodified")
  func unsafeMethods() {
    let request = Request(.put, "/", headers: [.ifNoneMatch: "*"])
    #expect(Condition(request, tag: "\"a\"", modified: 0) == .failed)
  }

  @Test(
    "a range is sent when the client has a part of the same file",
    arguments: [
      ("\"a\"", true), ("\"b\"", false), ("W/\"a\"", false), (then, true), (before, false), (after, false),
    ])
  func ifRange(field: String, allows: Bool) {
    let request = Request(.get, "/", headers: [.ifRange: field])
    #expect(Condition.allowsRange(request, tag: "\"a\"", modified: 784_111_777) == allows)
  }
}
