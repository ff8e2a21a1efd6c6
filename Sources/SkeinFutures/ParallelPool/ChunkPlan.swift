internal import SkeinSync
internal import Synchronization

/// How the indices of a loop are cut into chunks, each of which one worker does at a stretch.
@usableFromInline
struct ChunkPlan: Sendable {
  @usableFromInline let count: Int
  @usableFromInline let grain: Int

  /// - Parameters:
  ///   - count: how many indices there are.
  ///   - grain: how many of them make a chunk; by default so many that each worker gets about eight chunks.
  @usableFromInline
  init(count: Int, grain: Int?, workers: Int) {
    checkContract(grain ?? 1 > 0, "a parallel loop can not have a grain of \(grain ?? 0)")
    self.count = count
    self.grain = grain ?? max(1, count / (8 * workers))
  }

  @inlinable var chunkCount: Int { (count + grain - 1) / grain }

  @inlinable
  func indices(of chunk: Int) -> Range<Int> { (chunk * grain)..<min(count, (chunk + 1) * grain) }
}

/// What ends a loop before its time: an error in a chunk, or the cancellation of who waits for it.
@usableFromInline
final class LoopEnd<Failure: Error>: Sendable {
  private let cancellation: LoopStop?
  private let failure = LoopStop()
  private let first = Lock<(chunk: Int, error: Failure)?>(nil, internalTo: "ParallelPool")

  @usableFromInline
  init(_ cancellation: LoopStop?) { self.cancellation = cancellation }

  @usableFromInline
  var isSet: Bool { failure.isSet || cancellation?.isSet == true }

  /// Of several errors, that of the first chunk counts.
  @usableFromInline
  func set(_ error: Failure, in chunk: Int) {
    failure.set()
    first.withLock { first in if first.map({ chunk < $0.chunk }) ?? true { first = (chunk, error) } }
  }

  @usableFromInline
  var error: Failure? { first.withLock { $0?.error } }
}

/// Whether a loop is to end before its time.
@usableFromInline
final class LoopStop: Sendable {
  private let word = Atomic(false)

  @usableFromInline
  init() {}

  @usableFromInline
  var isSet: Bool { word.load(ordering: .relaxed) }

  @usableFromInline
  func set() { word.store(true, ordering: .relaxed) }
}
