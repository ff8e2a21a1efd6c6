internal import SkeinSync

/// Finds those who wait for each other and for nobody else.
///
/// Everybody who waits counts as stuck at first. Then whoever has a way out is taken away, again and again,
/// until nothing changes:
///
/// - a wait with a deadline is a way out, unless deadlines are to be ignored;
/// - so is a wait for something that nobody is known to hold;
/// - so is a wait for something of which *all* holders, or *one* if one suffices, are not stuck;
/// - one way out of several waits suffices.
///
/// What remains is the greatest set in which everybody waits for others in the set.
///
/// - Complexity: O(waits + holders).
/// - Source: reduction of general resource graphs with AND and OR requests; R. Holt, *Some Deadlock
///   Properties of Computer Systems* (1972).
struct StuckParties {
  private let network: WaitNetwork
  private(set) var isStuck: [Bool]
  /// How many of each resource's holders still count as stuck.
  private var stuckHolders: [Int]
  private var isFree: [Bool]
  /// The resources that each party holds.
  private var held: [[Int]]
  private var left: [Int] = []

  /// Reduces the network.
  ///
  /// - Parameter certain: whether only what is recorded counts, and a deadline ends a wait. Otherwise the
  ///   guess from recent uses counts too, and deadlines are ignored.
  init(_ network: WaitNetwork, certain: Bool) {
    self.network = network
    isStuck = Array(repeating: true, count: network.parties.count)
    stuckHolders = Array(repeating: 0, count: network.resources.count)
    isFree = Array(repeating: false, count: network.resources.count)
    held = Array(repeating: [], count: network.parties.count)
    for (index, resource) in network.resources.enumerated() {
      for case (let party?, _) in resource.holders {
        held[party].append(index)
        stuckHolders[index] += 1
      }
    }
    for index in network.resources.indices where hasWayOut(index, certain: certain) { free(index) }
    if certain {
      for wait in network.waits where wait.observed.isTimed { leave(wait.party) }
    }
    while let party = left.popLast() {
      for resource in held[party] {
        stuckHolders[resource] -= 1
        if hasWayOut(resource, certain: certain) { free(resource) }
      }
    }
  }

  private func hasWayOut(_ index: Int, certain: Bool) -> Bool {
    let resource = network.resources[index]
    if resource.holders.isEmpty || (certain && resource.isAssumed) { return true }
    return resource.needsAll ? stuckHolders[index] == 0 : stuckHolders[index] < resource.holders.count
  }

  private mutating func free(_ resource: Int) {
    guard !isFree[resource] else { return }
    isFree[resource] = true
    for party in network.resources[resource].waiters { leave(party) }
  }

  private mutating func leave(_ party: Int) {
    guard isStuck[party] else { return }
    isStuck[party] = false
    left.append(party)
  }
}
