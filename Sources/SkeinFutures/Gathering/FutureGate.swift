internal import SkeinSync

/// A future of nothing that opens when something among several futures has come about: what threads and tasks wait on.
///
/// Being a future of the pool that the others are of, a worker's wait for it is looked after like any other one.
final class FutureGate: Future<Void>, @unchecked Sendable {
  // Sendable as its superclass is: it adds a constant.
  private let futures: [AnyFuture]

  init(for futures: [AnyFuture], at place: SourcePlace) {
    self.futures = futures
    super.init(place: place, poolID: 0)
  }

  /// The pool that all of them are of at this instant, as far as they are not done; zero when there are several, or
  /// none. Only a worker that waits asks, and diagnosis.
  override var poolID: UInt32 {
    get {
      let pools = Set(futures.lazy.filter { !$0.isDone }.map(\.poolID))
      return pools.count == 1 ? pools.first! : 0
    }
    set { breakContract("a gate has no pool of its own, and can not get \(newValue)") }
  }

  func open() { _ = complete(with: .success(())) }
}

extension Sequence where Element: AnyFuture {
  /// The futures, each of them once, in their order.
  var distinct: [Element] {
    var seen: Set<ObjectIdentifier> = []
    return filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
}
