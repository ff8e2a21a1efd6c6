/// Finds short circles among those who are stuck, for people to read: everybody who stands in a circle is in
/// at least one that is reported, up to a limit.
struct WaitCircles {
  /// A step from one party, through one of its waits and one holder of what it waits for, to the next.
  struct Step: Hashable {
    var wait: Int
    var holder: Int
  }

  private let network: WaitNetwork
  private let isStuck: [Bool]
  /// Those whom somebody stuck waits for, directly or not, in whose direction a circle can be found.
  private let isInside: [Bool]

  /// At most this many parties are tried as a start: more circles than that nobody reads.
  private static let mostStarts = 256

  init(_ network: WaitNetwork, isStuck: [Bool]) {
    self.network = network
    self.isStuck = isStuck
    isInside = Self.trimmed(network, isStuck)
  }

  /// The shortest circles first, such that each one has a party that no earlier one has.
  ///
  /// - Parameter isWanted: only circles through parties for which it is true are looked for.
  func find(where isWanted: (Int) -> Bool) -> [[Step]] {
    let starts = network.parties.indices.filter { isInside[$0] && isWanted($0) }.prefix(Self.mostStarts)
    let circles = starts.compactMap { circle(through: $0) }.sorted { $0.count < $1.count }
    var covered: Set<Int> = []
    return circles.filter { circle in
      let parties = circle.map { network.waits[$0.wait].party }
      defer { covered.formUnion(parties) }
      return parties.contains { isWanted($0) && !covered.contains($0) }
    }
  }

  /// The shortest circle through `start`, by a search in breadth.
  private func circle(through start: Int) -> [Step]? {
    var cameFrom: [Int: (party: Int, step: Step)] = [:]
    var isSearched: Set<Int> = []
    var frontier = [start]
    while !frontier.isEmpty {
      var next: [Int] = []
      for party in frontier {
        for (step, neighbour) in steps(from: party, &isSearched) where cameFrom[neighbour] == nil {
          cameFrom[neighbour] = (party, step)
          if neighbour == start { return path(to: start, cameFrom) }
          next.append(neighbour)
        }
      }
      frontier = next
    }
    return nil
  }

  /// The ways on from a party, through resources that were not searched before.
  private func steps(from party: Int, _ isSearched: inout Set<Int>) -> [(Step, Int)] {
    network.parties[party].waits.flatMap { wait -> [(Step, Int)] in
      let resource = network.waits[wait].resource
      guard isSearched.insert(resource).inserted else { return [] }
      return network.resources[resource].holders.enumerated().compactMap { index, holder in
        guard let party = holder.party, isInside[party] else { return nil }
        return (Step(wait: wait, holder: index), party)
      }
    }
  }

  private func path(to start: Int, _ cameFrom: [Int: (party: Int, step: Step)]) -> [Step] {
    var steps: [Step] = []
    var party = start
    repeat {
      let (previous, step) = cameFrom[party]!
      steps.append(step)
      party = previous
    } while party != start
    return steps.reversed()
  }

  /// Takes away, again and again, those for whom nobody stuck waits: the many who merely queue up behind.
  private static func trimmed(_ network: WaitNetwork, _ isStuck: [Bool]) -> [Bool] {
    var isInside = isStuck
    var waiting = network.resources.map { resource in resource.waiters.count { isStuck[$0] } }
    var held = Array(repeating: [Int](), count: network.parties.count)
    for (index, resource) in network.resources.enumerated() where waiting[index] > 0 {
      for case (let party?, _) in resource.holders { held[party].append(index) }
    }
    var wanted = held.map(\.count)
    var left = network.parties.indices.filter { isStuck[$0] && wanted[$0] == 0 }
    while let party = left.popLast() {
      isInside[party] = false
      for wait in network.parties[party].waits {
        let resource = network.waits[wait].resource
        waiting[resource] -= 1
        guard waiting[resource] == 0 else { continue }
        for case (let holder?, _) in network.resources[resource].holders {
          wanted[holder] -= 1
          if wanted[holder] == 0 && isStuck[holder] { left.append(holder) }
        }
      }
    }
    return isInside
  }
}
