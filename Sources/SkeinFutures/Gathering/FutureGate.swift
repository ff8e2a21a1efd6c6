internal import SkeinSync

/// A future of nothing that opens when something among several futures has come about: what threads and tasks wait on.
///
/// Being a future of the pool that the others are of, a worker's wait for it is looked after like any other one.
final class FutureGate: Future<Void>, @unchecked Sendable {
  // Sendable as its superclass is: it adds nothing.

  init(for futures: some Sequence<AnyFuture>, at place: SourcePlace) {
    let pools = Set(futures.lazy.filter { !$0.isDone }.map(\.poolID))
    super.init(place: place, poolID: pools.count == 1 ? pools.first! : 0)
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
