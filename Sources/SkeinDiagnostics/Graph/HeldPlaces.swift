internal import SkeinSync

/// Completes what objects tell about their holders by what was seen when locks were taken: where, and for a
/// lock that does not know its readers, by whom.
struct HeldPlaces {
  private var holders: [UInt: [ObservedObject.Holder]] = [:]

  init(_ threads: [(thread: UInt32, locks: [HeldLock])]) {
    for (thread, locks) in threads {
      let party = Party.thread(thread)
      for held in locks { holders[held.id, default: []].append(.init(party, place: held.place)) }
    }
  }

  func complete(_ waits: [ObservedWait]) -> [ObservedWait] {
    guard !holders.isEmpty else { return waits }
    return waits.map { wait in
      guard let seen = holders[wait.object.id] else { return wait }
      var wait = wait
      wait.object.holders = complete(wait.object.holders, seen)
      return wait
    }
  }

  private func complete(
    _ told: ObservedObject.Holders, _ seen: [ObservedObject.Holder]
  ) -> ObservedObject.Holders {
    func complete(_ holders: [ObservedObject.Holder]) -> [ObservedObject.Holder] {
      holders.map { holder in
        holder.place == nil ? seen.last { $0.party == holder.party } ?? holder : holder
      }
    }
    return switch told {
    // Only locks are seen to be held, and of a lock all holders have to let go.
    case .unknown: .all(seen)
    case .all(let holders): .all(complete(holders))
    case .any(let holders): .any(complete(holders))
    }
  }
}
