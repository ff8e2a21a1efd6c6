import SkeinSync
import Synchronization

/// How long a lock is held.
private enum Hold: String, CaseIterable {
  case short, long
}

private func lockCases(
  by: String, short: @escaping @Sendable (_ threads: Int, _ share: Int) -> Void,
  long: @escaping @Sendable (_ threads: Int, _ share: Int) -> Void
) -> [MeasuredCase] {
  let contended = [2, 4, 16].flatMap { threads in
    Hold.allCases.map { hold in
      MeasuredCase("lock.\(threads).\(hold)", by: by) { operations in
        hold == .long ? long(threads, operations / threads) : short(threads, operations / threads)
      }
    }
  }
  return [MeasuredCase("lock.uncontended", by: by) { short(1, $0) }] + contended
}

// MARK: Skein's lock

let skeinLockCases = lockCases(by: "Lock", short: skeinLockShort, long: skeinLockLong)

@Sendable private func skeinLockShort(threads: Int, share: Int) {
  let lock = Lock(UInt64(1))
  onThreads(threads) { _ in
    for _ in 0..<share { lock.withLock { $0 &+= 1 } }
  }
}

@Sendable private func skeinLockLong(threads: Int, share: Int) {
  let lock = Lock(UInt64(1))
  onThreads(threads) { _ in
    for _ in 0..<share { lock.withLock { workAboutAMicrosecond(&$0) } }
  }
}

// MARK: The standard library's

let mutexCases = lockCases(by: "Synchronization.Mutex", short: mutexShort, long: mutexLong)

private final class MutexBox: Sendable {
  let mutex = Mutex(UInt64(1))
}

@Sendable private func mutexShort(threads: Int, share: Int) {
  let box = MutexBox()
  onThreads(threads) { _ in
    for _ in 0..<share { box.mutex.withLock { $0 &+= 1 } }
  }
}

@Sendable private func mutexLong(threads: Int, share: Int) {
  let box = MutexBox()
  onThreads(threads) { _ in
    for _ in 0..<share { box.mutex.withLock { workAboutAMicrosecond(&$0) } }
  }
}
