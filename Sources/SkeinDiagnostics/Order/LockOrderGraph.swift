internal import SkeinSync

/// In which order classes of locks are taken, and where two orders contradict each other.
///
/// Locks with one name, or without a name made at one place, are a class. An edge from one class to another
/// says that a lock of the second was waited for while one of the first was held. A circle of edges is a
/// deadlock that can happen, though it never did. Two locks of one class have no order by class: they
/// contradict each other when pairs were taken both in ascending and in descending order of their addresses.
///
/// - Source: the lock validator of Linux (`Documentation/locking/lockdep-design.rst`).
struct LockOrderGraph {
  /// What an edge was seen in first.
  struct Sighting: Sendable, Equatable {
    /// Where the lock that is held was taken.
    var held: SourcePlace
    /// Where the other one was about to be taken.
    var wanted: SourcePlace
    var party: Party
  }

  /// From one class to another; within one class, in which order of addresses.
  struct Edge: Hashable {
    var from: UInt32
    var to: UInt32
    var isDescending = false

    /// Edge and direction in one word; never zero, because classes start at one.
    var key: UInt64 { UInt64(from) << 32 | UInt64(to) << 1 | (isDescending ? 1 : 0) }
  }

  private struct ClassKey: Hashable {
    var kind: String
    var name: String?
    var place: SourcePlace?
  }

  /// More classes than this are not told apart any more: locks with a name each would fill the memory.
  static let mostClasses = 1 << 16
  /// The class of locks that are not observed.
  static let unobserved = UInt32.max >> 1

  private var classes: [ClassKey: UInt32] = [:]
  private var texts: [String] = []
  private var sightings: [Edge: Sighting] = [:]
  private var next: [UInt32: [UInt32]] = [:]
  private var reported: Set<[UInt32]> = []

  /// The number of the class of a lock, from one.
  mutating func orderClass(of lock: ObjectIdentity) -> UInt32 {
    let key = ClassKey(
      kind: "\(lock.kind)", name: lock.name, place: lock.name == nil ? lock.place : nil)
    if let known = classes[key] { return known }
    guard texts.count < Self.mostClasses else { return Self.unobserved }
    let text = lock.name.map { "\(lock.kind) “\($0)”" } ?? "\(lock.kind) made at \(lock.place)"
    texts.append(text)
    classes[key] = UInt32(texts.count)
    return UInt32(texts.count)
  }

  /// Adds an edge.
  ///
  /// - Returns: the contradiction that it makes, unless one was reported for these two classes before.
  /// - Complexity: O(edges) for one that is new, else O(1).
  mutating func add(_ edge: Edge, _ sighting: Sighting) -> LockOrderInversion? {
    guard sightings[edge] == nil else { return nil }
    sightings[edge] = sighting
    if edge.from != edge.to { next[edge.from, default: []].append(edge.to) }
    guard let circle = circle(closedBy: edge) else { return nil }
    guard reported.insert([min(edge.from, edge.to), max(edge.from, edge.to)]).inserted else { return nil }
    return LockOrderInversion(
      steps: circle.map { edge in
        .init(held: text(edge.from), wanted: text(edge.to), sighting: sightings[edge]!)
      })
  }

  private func text(_ orderClass: UInt32) -> String { texts[Int(orderClass) - 1] }

  private func circle(closedBy edge: Edge) -> [Edge]? {
    guard edge.from != edge.to else {
      let other = Edge(from: edge.from, to: edge.to, isDescending: !edge.isDescending)
      return sightings[other] == nil ? nil : [edge, other]
    }
    return path(from: edge.to, to: edge.from).map { [edge] + $0 }
  }

  /// The shortest way along edges, by a search in breadth.
  private func path(from start: UInt32, to end: UInt32) -> [Edge]? {
    var cameFrom: [UInt32: UInt32] = [start: 0]
    var frontier = [start]
    while !frontier.isEmpty && cameFrom[end] == nil {
      var reached: [UInt32] = []
      for node in frontier {
        for neighbour in next[node] ?? [] where cameFrom[neighbour] == nil {
          cameFrom[neighbour] = node
          reached.append(neighbour)
        }
      }
      frontier = reached
    }
    guard cameFrom[end] != nil else { return nil }
    var edges: [Edge] = []
    var node = end
    while node != start {
      edges.append(Edge(from: cameFrom[node]!, to: node))
      node = cameFrom[node]!
    }
    return edges.reversed()
  }
}

/// Locks that are taken in orders which contradict each other.
struct LockOrderInversion: Sendable, CustomStringConvertible {
  struct Step: Sendable {
    var held: String
    var wanted: String
    var sighting: LockOrderGraph.Sighting
  }

  var steps: [Step]

  var description: String {
    let isOneClass = steps.allSatisfy { $0.held == $0.wanted }
    let lines = steps.map { step in
      """
        \(step.wanted) is taken at \(step.sighting.wanted)
          while \(step.held), taken at \(step.sighting.held), is held by \(step.sighting.party)
      """
    }
    let advice = isOneClass ? Self.adviceForOneClass : Self.advice
    return "Lock order inversion:\n" + lines.joined(separator: "\n") + "\n" + advice
  }

  private static let advice = """
    Nothing hangs now, but those who do this at once can wait for each other for ever. Take these locks in
    one order everywhere.
    """
  private static let adviceForOneClass = """
    Both orders of two locks of one kind were seen: two who do this at once can wait for each other for ever.
    Take such locks in one order, or, in threads, all at once with withLocks.
    """
}
