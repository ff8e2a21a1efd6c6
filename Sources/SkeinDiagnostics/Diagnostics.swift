internal import SkeinSync

/// Tells what threads and tasks wait for, and why they are stuck.
///
/// ``snapshot()`` works at any time, with nothing switched on. ``start(_:)`` adds what has to listen: it
/// answers a signal and `skein inspect`, and reports what will, some day, hang.
///
/// ```swift
/// Diagnostics.start()
/// // later, from outside: kill -USR2 PID, or skein inspect PID
/// ```
public enum Diagnostics {
  /// Who waits for what at this instant, with the deadlocks that are in it.
  ///
  /// Nothing is stopped for it: objects are looked at one after another. A circle counts as certain only when
  /// all waits in it began before the look that showed the holders, and went on after it; when one is found
  /// that is too young to tell, the look is repeated a few times, some milliseconds apart.
  ///
  /// ```swift
  /// print(Diagnostics.snapshot())
  /// ```
  ///
  /// - Returns: the graph; a value, which does not change any more.
  /// - Complexity: O(objects that were ever waited for + waits + holders).
  public static func snapshot() -> WaitGraph {
    let observer = DiagnosticsObserver.shared
    return SnapshotTaker(
      clock: MonotonicClock(), observe: WaitSources.observe,
      complete: { HeldPlaces(HeldLocks.observe()).complete($0) }, uses: { observer.uses.recent },
      nap: { sleepBriefly($0) }
    ).take()
  }
}
