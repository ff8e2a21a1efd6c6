internal import CSkein
internal import Glibc
internal import SkeinSync

/// What a process writes to its standard error: it may be passed on, and the end of it is kept.
package final class OutputTail: Sendable {
  /// How much is kept, in bytes: a backtrace of Swift has a few thousand.
  private static let limit = 1 << 15

  /// How long the last may take to come once the process has ended: one that it has started may write on.
  private static let patience = Duration.seconds(10)

  /// Is set once nobody writes any more.
  private let hasEnded = Event(name: "end of output")
  private let source: OwnedDescriptor
  private let passesOn: Bool
  private let kept = Lock<[UInt8]>([], internalTo: "OutputTail")

  /// - Parameter passesOn: whether what is written goes on to this process' standard error.
  /// - Returns: where the process is to write.
  package static func make(passesOn: Bool) throws(ProcessError) -> (OutputTail, OwnedDescriptor) {
    var ends: [Int32] = [-1, -1]
    let failure = skein_pipe(&ends)
    guard failure == 0 else { throw .outOfResources(-failure) }
    let tail = OutputTail(OwnedDescriptor(owning: ends[0]), passesOn: passesOn)
    tail.listen()
    return (tail, OwnedDescriptor(owning: ends[1]))
  }

  private init(_ source: OwnedDescriptor, passesOn: Bool) {
    self.source = source
    self.passesOn = passesOn
  }

  /// What was written last.
  package var text: String { String(decoding: kept.withLock { $0 }, as: UTF8.self) }

  /// Suspends the task until nobody writes any more, or for some seconds.
  package func waitForEnd() async { _ = try? await hasEnded.wait(timeout: Self.patience) }

  /// Blocks the thread until nobody writes any more, or for some seconds.
  @available(*, noasync)
  package func waitForEnd() { _ = try? hasEnded.wait(timeout: Self.patience) }

  /// Forgets what was written: what comes is of something else.
  package func forget() { kept.withLock { $0 = [] } }

  /// On a thread of its own: who reads this process' standard error may be behind, and then the process that writes waits,
  /// and nobody else.
  private func listen() {
    startDetachedThread(name: "skein-output") { [self] in
      var chunk = [UInt8](repeating: 0, count: 1 << 13)
      while true {
        let count = read(source.rawValue, &chunk, chunk.count)
        if count > 0 { pass(chunk[..<count]) }
        if count == 0 || (count < 0 && errno != EINTR) { return hasEnded.set() }
      }
    }
  }

  private func pass(_ bytes: ArraySlice<UInt8>) {
    if passesOn { bytes.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) } }
    kept.withLock { kept in
      kept += bytes
      if kept.count > Self.limit { kept.removeFirst(kept.count - Self.limit) }
    }
  }
}
