internal import SkeinSync

/// Finds deadlocks among observed waits: a pure function of what was observed.
///
/// A *certain* one stands on what the objects themselves say about their holders, with no deadline anywhere
/// in it. A *likely* one needs a guess from recent uses, or has a deadline in it.
enum DeadlockAnalysis {
  /// The circles, certain ones first, short ones before long ones, and the indices of those waits whose party
  /// is certainly stuck, in a circle or behind one.
  static func analyse(
    _ waits: [ObservedWait], uses: [UInt: RecentUses] = [:]
  ) -> (deadlocks: [Deadlock], certainlyStuck: Set<Int>) {
    let network = WaitNetwork(waits, uses: uses)
    let certain = StuckParties(network, certain: true).isStuck
    let likely = StuckParties(network, certain: false).isStuck
    let circles = WaitCircles(network, isStuck: certain).find { _ in true }
    let guesses = WaitCircles(network, isStuck: likely).find { !certain[$0] }
    let deadlocks =
      circles.map { deadlock(.certain, $0, network) } + guesses.map { deadlock(.likely, $0, network) }
    let stuck = network.waits.indices.filter { certain[network.waits[$0].party] }
    return (deadlocks, Set(stuck))
  }

  /// Those circles.
  static func deadlocks(_ waits: [ObservedWait], uses: [UInt: RecentUses] = [:]) -> [Deadlock] {
    analyse(waits, uses: uses).deadlocks
  }

  private static func deadlock(
    _ certainty: Deadlock.Certainty, _ steps: [WaitCircles.Step], _ network: WaitNetwork
  ) -> Deadlock {
    let links = steps.map { step in
      let wait = network.waits[step.wait]
      let resource = network.resources[wait.resource]
      return Deadlock.Link(
        wait: wait.observed, holder: resource.holders[step.holder].holder, isAssumed: resource.isAssumed)
    }
    return Deadlock(certainty: certainty, links: links)
  }
}
