internal import SkeinSync

/// Remembers who took permits and who moved items, object by object, for as long as that is recent.
///
/// - Invariant: no more than ``mostObjects`` objects are known, and of each no more than ``mostParties`` of a
///   kind.
final class UseLog: Sendable {
  static let mostObjects = 4096
  static let mostParties = 16

  private struct Entry {
    var uses = RecentUses()
    var latest: UInt64
  }

  private struct State {
    var objects: [UInt: Entry] = [:]
    var count: UInt64 = 0
  }

  private let state = Lock(State(), internalTo: "uses")

  func note(_ id: UInt, _ use: ObservedUse, by party: Party) {
    state.withLock { state in
      state.count += 1
      var entry = state.objects.removeValue(forKey: id) ?? Entry(latest: 0)
      entry.latest = state.count
      entry.uses.note(use, by: party, atMost: Self.mostParties)
      guard entry.uses != RecentUses() else { return }
      state.objects[id] = entry
      if state.objects.count > Self.mostObjects { Self.forgetOlderHalf(&state) }
    }
  }

  var recent: [UInt: RecentUses] {
    state.withLock { $0.objects.mapValues(\.uses) }.mapValues(\.named)
  }

  func forgetAll() { state.withLock { $0 = State() } }

  private static func forgetOlderHalf(_ state: inout State) {
    let median = state.objects.values.map(\.latest).sorted()[mostObjects / 2]
    state.objects = state.objects.filter { $0.value.latest >= median }
  }
}

extension RecentUses {
  /// The same, with the names of threads.
  fileprivate var named: RecentUses {
    RecentUses(
      permitHolders: permitHolders.map(\.named), putters: putters.map(\.named), getters: getters.map(\.named))
  }

  /// Adds a use.
  ///
  /// A party that releases gives back what it took itself, else what the first holder took: permits may be
  /// released by another than the one who acquired them.
  mutating func note(_ use: ObservedUse, by party: Party, atMost limit: Int) {
    switch use {
    case .acquired: Self.append(party, to: &permitHolders, atMost: limit, isSet: false)
    case .released:
      let index = permitHolders.lastIndex(of: party) ?? permitHolders.indices.first
      if let index { permitHolders.remove(at: index) }
    case .put: Self.append(party, to: &putters, atMost: limit, isSet: true)
    case .got: Self.append(party, to: &getters, atMost: limit, isSet: true)
    }
  }

  private static func append(_ party: Party, to parties: inout [Party], atMost limit: Int, isSet: Bool) {
    if isSet { parties.removeAll { $0 == party } }
    parties.append(party)
    if parties.count > limit { parties.removeFirst() }
  }
}
