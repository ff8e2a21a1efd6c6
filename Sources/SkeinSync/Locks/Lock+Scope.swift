public import CSkein

/// The two halves of ``Lock/withLock(file:line:_:)``, for what can not be said as one closure: a condition,
/// which lets go of the lock in between, several locks at once, and access in place.
extension Lock where State: ~Copyable {
  @inlinable
  func enter(at place: SourcePlace) {
    if skein_observed() != 0 || !word.tryAcquire() { acquireContended(at: place) }
  }

  @inlinable
  func leave() {
    if skein_observed() != 0 || !word.tryRelease() { releaseContended() }
  }
}
