internal import SkeinSync

/// The regions that this process has mapped, by their memory.
///
/// A region is never released under the lock: its end takes the lock.
enum SharedRegions {
  private struct Entry: Sendable {
    weak let region: SharedRegion?
  }

  private static let entries = Lock<[SharedRegion.Identity: Entry]>([:], internalTo: "SharedRegions")

  static func find(_ identity: SharedRegion.Identity) -> SharedRegion? {
    entries.withLock { $0[identity]?.region }
  }

  /// The region, or the one of the same memory that was mapped in the meantime.
  static func unify(_ region: SharedRegion) -> SharedRegion {
    entries.withLock { entries in
      if let earlier = entries[region.identity]?.region { return earlier }
      entries[region.identity] = Entry(region: region)
      return region
    }
  }

  /// Drops the entry of a region that has ended, unless the memory has been mapped again.
  static func forget(_ identity: SharedRegion.Identity) {
    let survivor = entries.withLock { entries -> SharedRegion? in
      let survivor = entries[identity]?.region
      if survivor == nil { entries[identity] = nil }
      return survivor
    }
    withExtendedLifetime(survivor) {}
  }

  static var all: [SharedRegion] { entries.withLock { $0.values.compactMap(\.region) } }
}
