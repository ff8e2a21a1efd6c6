internal import SkeinSync

/// A future of nothing that opens when something among several futures has come about: what threads and tasks wait on.
///
/// Being a future of the pool that the others are of, a worker's wait for it is looked after like any other one.
final class FutureGate: Future<Void>, @unchecked Sendable {
  // Sendable as its superclass is: it adds nothing.

  override init(place: SourcePlace, poolID: UInt32) { super.init(place: place, poolID: poolID) }

  func open() { _ = complete(with: .success(())) }
}

extension Sequence where Element: AnyFuture {
  /// The pool that all of them are of, as far as they are not done; zero when there are several, or none.
  var commonPoolID: UInt32 {
    let pools = Set(lazy.filter { !$0.isDone }.map(\.poolID))
    return pools.count == 1 ? pools.first! : 0
  }

  /// The futures, each of them once, in their order.
  var distinct: [Element] {
    var seen: Set<ObjectIdentifier> = []
    return filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
}
