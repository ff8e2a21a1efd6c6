/// What this process shares with others.
package enum SharedObjects {
  /// Gives back what dead processes hold in all regions that this process has mapped: for who learns of a death.
  ///
  /// Whoever waits for anything in them is woken to look again, for a process may have died between a change and the call
  /// that was to tell of it.
  ///
  /// - Parameter processID: which process died; the rows of one that lives are left alone, also when it bears the id of
  ///   one that died before.
  package static func sweep(processID: Int32) {
    var verdicts: [ProcessKey: Bool] = [:]
    for region in SharedRegions.all {
      sweep(region) { key in
        guard key.processID == processID else { return false }
        if let verdict = verdicts[key] { return verdict }
        let verdict = !key.isAlive
        verdicts[key] = verdict
        return verdict
      }
    }
  }

  private static func sweep(_ region: SharedRegion, _ isDead: (ProcessKey) -> Bool) {
    switch region.layout.kind {
    case .semaphore:
      PermitTable(region: region).sweep(isDead)
      SharedChanges(region: region).wakeAll()
    case .event:
      SharedChanges(region: region).wakeAll()
    case .barrier: BarrierCore(region: region).sweep(isDead)
    case .condition: ConditionTable(region: region).sweep(isDead)
    case .queue:
      SharedRing(region: region).itemsCame.wakeAll()
      SharedRing(region: region).roomCame.wakeAll()
    // The C library's own list gives back the locks of the dead.
    case .lock, .value, .array, .counter: break
    }
  }
}
