internal import SkeinSync

extension Semaphore {
  /// Takes permits even if the calling task is cancelled, for what must be finished all the same.
  ///
  /// Only for a semaphore that nobody closes and whose permits are sure to come.
  func acquireShielded(_ count: Int = 1) async {
    if (try? await acquire(count)) != nil { return }
    // A task of its own is not cancelled with the caller's.
    await Task { try! await self.acquire(count) }.value  // Cannot throw: neither cancelled nor closed.
  }
}

extension Event {
  /// Waits even if the calling task is cancelled, for what must be finished all the same.
  ///
  /// Only for an event that nobody closes and that is sure to be set.
  func waitShielded() async {
    if (try? await wait()) != nil { return }
    // A task of its own is not cancelled with the caller's.
    await Task { try! await self.wait() }.value  // Cannot throw: neither cancelled nor closed.
  }
}
