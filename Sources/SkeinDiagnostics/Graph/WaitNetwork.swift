internal import SkeinSync

/// The waits of one instant with the names taken out: parties and what they wait for are numbers.
///
/// A thread that is blocked and the task that it runs are one party. A party that waits for several things at
/// once (`select`) goes on as soon as it gets one of them.
struct WaitNetwork {
  struct Party {
    /// All that it waits for, as indices of `waits`.
    var waits: [Int] = []
  }

  struct Wait {
    var observed: ObservedWait
    var party: Int
    var resource: Int
  }

  /// What is waited for: an object, or the part of it that matters to a wait.
  struct Resource {
    /// Who could end the waits; the party is `nil` when that one does not wait for anything.
    var holders: [(party: Int?, holder: ObservedObject.Holder)] = []
    /// Whether all of them have to let go; otherwise any one suffices.
    var needsAll = true
    /// Whether the holders are guessed from recent uses.
    var isAssumed = false
    /// Who waits for it.
    var waiters: [Int] = []
  }

  private struct ResourceKey: Hashable {
    var object: UInt
    var need: WaitNeed
    /// A read-write lock is waited for in two ways, until its writer leaves, and, by that writer, until its
    /// readers do: the first of who holds it tells them apart.
    var firstHolder: SkeinSync.Party?
  }

  private(set) var parties: [Party] = []
  private(set) var waits: [Wait] = []
  private(set) var resources: [Resource] = []

  private var partyIndex: [SkeinSync.Party: Int] = [:]
  private var resourceIndex: [ResourceKey: Int] = [:]

  init(_ observed: [ObservedWait], uses: [UInt: RecentUses] = [:]) {
    for wait in observed { enter(wait) }
    for index in observed.indices { connect(index, observed[index], uses: uses[observed[index].object.id]) }
  }

  private mutating func enter(_ wait: ObservedWait) {
    let known = partyIndex[wait.party] ?? wait.runningTask.flatMap { partyIndex[$0] }
    let index = known ?? parties.count
    if known == nil { parties.append(Party()) }
    partyIndex[wait.party] = index
    if let task = wait.runningTask { partyIndex[task] = index }
  }

  private mutating func connect(_ index: Int, _ wait: ObservedWait, uses: RecentUses?) {
    let party = partyIndex[wait.party]!
    let need = WaitNeed(of: wait, uses: uses)
    let key = ResourceKey(
      object: wait.object.id, need: need, firstHolder: wait.object.holders.known.first?.party)
    let resource = resourceIndex[key] ?? resources.count
    if resource == resources.count {
      resources.append(makeResource(wait.object, need, uses))
      resourceIndex[key] = resource
    }
    resources[resource].waiters.append(party)
    parties[party].waits.append(index)
    waits.append(Wait(observed: wait, party: party, resource: resource))
  }

  private func makeResource(_ object: ObservedObject, _ need: WaitNeed, _ uses: RecentUses?) -> Resource {
    var resource = Resource()
    let holders: [ObservedObject.Holder]
    switch object.holders {
    case .all(let all): holders = all
    case .any(let some):
      resource.needsAll = false
      holders = some
    case .unknown:
      resource.needsAll = false
      resource.isAssumed = true
      holders = uses.map { need.assumedHolders($0).map { .init($0) } } ?? []
    }
    resource.holders = holders.map { (partyIndex[$0.party], $0) }
    return resource
  }
}
