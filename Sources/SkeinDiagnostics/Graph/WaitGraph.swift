public import SkeinSync

/// Who waits for what, and who holds that, as it was at one instant: what a diagnosis reads.
///
/// The nodes are threads and tasks that wait or hold, and objects that are waited for. A thread that is
/// blocked while it runs a task is one node with that task. An edge leads from who waits to the object, and
/// from the object to who holds it.
///
/// ```swift
/// let graph = Diagnostics.snapshot()
/// for deadlock in graph.deadlocks { print(deadlock) }
/// ```
///
/// The graph is a value: ``description`` is for people, ``graphviz`` for `dot`, ``json`` for programs.
///
/// - Invariant: each edge joins two nodes of the graph.
public struct WaitGraph: Sendable {
  /// Whom or what a node stands for.
  public enum Node: Hashable, Sendable {
    /// A thread or a task; for a thread that is blocked while it runs a task, the thread.
    case party(Party)
    /// An object, by its identity.
    case object(UInt)
  }

  /// An arrow of the graph.
  public struct Edge: Hashable, Sendable {
    /// What an arrow says.
    public enum Kind: String, Sendable {
      /// From who waits to what is waited for.
      case waitsFor
      /// From what is held to who holds it.
      case heldBy
    }

    /// What it says.
    public var kind: Kind
    /// Where it starts.
    public var from: Node
    /// Where it ends.
    public var to: Node
    /// The call that waits, or that took the object, when that is known.
    public var place: SourcePlace?
    /// Whether the holder is guessed from recent uses.
    public var isAssumed = false
    /// Whether it is a part of a deadlock.
    public var isInDeadlock = false
  }

  /// When it was taken.
  public let instant: MonotonicClock.Instant
  /// Everything that waits, longest first.
  public let waits: [ObservedWait]
  /// The circles that were found: certain ones first, then short ones.
  public let deadlocks: [Deadlock]
  /// How many objects were being used at that instant, so that their waits are missing here.
  public let busySources: Int

  /// Describes what was observed.
  ///
  /// - Parameters:
  ///   - waits: what was observed.
  ///   - instant: when.
  ///   - busySources: how many objects could not be read.
  public init(
    waits: [ObservedWait], instant: MonotonicClock.Instant = MonotonicClock().now, busySources: Int = 0
  ) {
    self.init(
      waits: waits, deadlocks: DeadlockAnalysis.deadlocks(waits), instant: instant, busySources: busySources)
  }

  init(
    waits: [ObservedWait], deadlocks: [Deadlock], instant: MonotonicClock.Instant, busySources: Int = 0
  ) {
    self.waits = waits.sorted { ($0.since, $0.party.id) < ($1.since, $1.party.id) }
    self.deadlocks = deadlocks
    self.instant = instant
    self.busySources = busySources
  }

  /// The objects that are waited for: first the one that somebody has waited for longest.
  public var objects: [ObservedObject] {
    var seen: Set<UInt> = []
    return waits.map(\.object).filter { seen.insert($0.id).inserted }
  }

  /// The threads and tasks that wait or hold.
  public var parties: [Party] {
    let nodes = edges.flatMap { [$0.from, $0.to] }
    var seen: Set<WaitGraph.Node> = []
    return nodes.compactMap { node in
      guard case .party(let party) = node, seen.insert(node).inserted else { return nil }
      return party
    }
  }

  /// Who waits for what, and what is held by whom.
  public var edges: [Edge] {
    let waiting = waits.map { wait in
      Edge(
        kind: .waitsFor, from: .party(wait.party), to: .object(wait.object.id), place: wait.place,
        isInDeadlock: isInDeadlock(wait))
    }
    return waiting + objects.flatMap { holdings(of: $0) } + assumedHoldings
  }

  private func isInDeadlock(_ wait: ObservedWait) -> Bool {
    deadlocks.contains { deadlock in
      deadlock.links.contains { $0.wait.party == wait.party && $0.wait.object.id == wait.object.id }
    }
  }

  private func holdings(of object: ObservedObject) -> [Edge] {
    object.holders.known.map { holder in
      let isInDeadlock = deadlocks.contains { deadlock in
        deadlock.links.contains { $0.wait.object.id == object.id && $0.holder.party == holder.party }
      }
      return Edge(
        kind: .heldBy, from: .object(object.id), to: .party(blockedThread(running: holder.party)),
        place: holder.place, isInDeadlock: isInDeadlock)
    }
  }

  private var assumedHoldings: [Edge] {
    var seen: Set<Edge> = []
    return deadlocks.flatMap(\.links).filter(\.isAssumed).map { link in
      Edge(
        kind: .heldBy, from: .object(link.wait.object.id),
        to: .party(blockedThread(running: link.holder.party)), isAssumed: true, isInDeadlock: true)
    }.filter { seen.insert($0).inserted }
  }

  /// The thread that is blocked while it runs the task; anybody else is their own node.
  private func blockedThread(running party: Party) -> Party {
    waits.first { $0.runningTask == party }?.party ?? party
  }
}

extension ObservedObject.Holders {
  /// Those who are known to hold.
  var known: [ObservedObject.Holder] {
    switch self {
    case .unknown: []
    case .all(let holders), .any(let holders): holders
    }
  }
}
