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
  ///
  /// - Complexity: O(waits + holders).
  public var edges: [Edge] {
    let context = EdgeContext(self)
    return waits.map(context.edge) + objects.flatMap(context.holdings) + context.assumedHoldings
  }
}

/// Makes the arrows of a graph.
private struct EdgeContext {
  /// A party at an object: waiting for it, or holding it.
  private struct Spot: Hashable {
    var party: Party
    var object: UInt
  }

  private let links: [Deadlock.Link]
  private let stuck: Set<Spot>
  private let holding: Set<Spot>
  /// By task, the thread that is blocked while it runs it.
  private let blockedThreads: [Party: Party]

  init(_ graph: WaitGraph) {
    let links = graph.deadlocks.flatMap(\.links)
    self.links = links
    stuck = Set(links.map { Spot(party: $0.wait.party, object: $0.wait.object.id) })
    holding = Set(links.map { Spot(party: $0.holder.party, object: $0.wait.object.id) })
    let blocked = graph.waits.compactMap { wait in wait.runningTask.map { ($0, wait.party) } }
    blockedThreads = Dictionary(blocked) { first, _ in first }
  }

  /// The node of a party: for a task that a blocked thread runs, the thread.
  private func node(_ party: Party) -> WaitGraph.Node { .party(blockedThreads[party] ?? party) }

  func edge(_ wait: ObservedWait) -> WaitGraph.Edge {
    WaitGraph.Edge(
      kind: .waitsFor, from: .party(wait.party), to: .object(wait.object.id), place: wait.place,
      isInDeadlock: stuck.contains(Spot(party: wait.party, object: wait.object.id)))
  }

  func holdings(of object: ObservedObject) -> [WaitGraph.Edge] {
    object.holders.known.map { holder in
      WaitGraph.Edge(
        kind: .heldBy, from: .object(object.id), to: node(holder.party), place: holder.place,
        isInDeadlock: holding.contains(Spot(party: holder.party, object: object.id)))
    }
  }

  var assumedHoldings: [WaitGraph.Edge] {
    var seen: Set<WaitGraph.Edge> = []
    return links.filter(\.isAssumed).map { link in
      WaitGraph.Edge(
        kind: .heldBy, from: .object(link.wait.object.id), to: node(link.holder.party), isAssumed: true,
        isInDeadlock: true)
    }.filter { seen.insert($0).inserted }
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
