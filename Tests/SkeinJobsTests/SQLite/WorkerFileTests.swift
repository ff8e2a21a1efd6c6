import Foundation
import SkeinSync
import SkeinTesting
import Testing

@testable import SkeinJobs

@Suite("WorkerFile")
struct WorkerFileTests {
  @Test("a look at whether a worker lives is no sign of an end for those who watch")
  func look() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("worker.lock")
    let own = try WorkerFile(creating: path, places: 1)
    let signs = Lock(0)
    let watch = try #require(EndingsWatch.start(directory: directory.path) { signs.withLock { $0 += 1 } })
    defer { watch.cancel() }
    for _ in 0..<1000 { #expect(WorkerFile.isLocked(path)) }
    #expect(try WorkerFile(takingOver: path) == nil)
    try await eventually("the one that opened it for writing has closed it") { signs.withLock { $0 } > 0 }
    #expect(signs.withLock { $0 } == 1)
    withExtendedLifetime(own) {}
  }

  @Test("the lock ends with its worker, and nothing is locked where there is no file")
  func free() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("worker.lock")
    do { _ = try WorkerFile(creating: path, places: 1) }
    #expect(!WorkerFile.isLocked(path))
    #expect(!WorkerFile.isLocked(directory.file("none")))
  }
}
