import SkeinSync

@testable import SkeinDiagnostics

/// Waits made by hand, for tests of what is concluded from them.
struct Scene {
  var waits: [ObservedWait] = []
  var uses: [UInt: RecentUses] = [:]

  static func thread(_ id: UInt64) -> Party { Party(kind: .thread, id: id, name: "thread-\(id)") }
  static func task(_ id: UInt64) -> Party { Party(kind: .task, id: id, name: "task-\(id)") }

  static func object(
    _ id: UInt, kind: String = "Lock", name: String? = nil, _ holders: ObservedObject.Holders
  ) -> ObservedObject {
    ObservedObject(
      id: id, kind: kind, name: name ?? "object-\(id)", place: SourcePlace("Test/Scene.swift", id),
      holders: holders)
  }

  /// `party` waits for `object`, which `holders` all have to let go of.
  mutating func wait(
    _ party: Party, running task: Party? = nil, for object: UInt, heldBy holders: [Party],
    isTimed: Bool = false,
    purpose: String = "to hold it"
  ) {
    add(party, task, Self.object(object, .all(holders.map { .init($0) })), purpose, isTimed)
  }

  /// `party` waits for `object`, of which one of `holders` has to let go.
  mutating func wait(_ party: Party, for object: UInt, heldByAnyOf holders: [Party]) {
    add(party, nil, Self.object(object, kind: "CapacityLimiter", .any(holders.map { .init($0) })), "", false)
  }

  /// `party` waits for something that nobody owns.
  mutating func wait(
    _ party: Party, running task: Party? = nil, forUnowned object: UInt, isTimed: Bool = false,
    purpose: String = ""
  ) {
    add(party, task, Self.object(object, kind: "Semaphore", .unknown), purpose, isTimed)
  }

  private mutating func add(
    _ party: Party, _ task: Party?, _ object: ObservedObject, _ purpose: String, _ isTimed: Bool
  ) {
    let line = UInt(waits.count + 1)
    waits.append(
      ObservedWait(
        party: party, runningTask: task, object: object, purpose: purpose,
        place: SourcePlace("Test/Wait.swift", line),
        since: .init(nanoseconds: Int64(line) * 1_000_000), isTimed: isTimed))
  }

  var deadlocks: [Deadlock] { DeadlockAnalysis.deadlocks(waits, uses: uses) }
  var certain: [Deadlock] { deadlocks.filter { $0.certainty == .certain } }
  var likely: [Deadlock] { deadlocks.filter { $0.certainty == .likely } }

  /// The identities of those whom the analysis holds to be certainly stuck.
  var stuck: Set<UInt64> {
    Set(DeadlockAnalysis.analyse(waits, uses: uses).certainlyStuck.map { waits[$0].party.id })
  }
}

extension Deadlock {
  /// The identities in the circle, without its order.
  var ids: Set<UInt64> { Set(parties.map(\.id)) }
}
