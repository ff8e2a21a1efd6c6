internal import CSkein
internal import Glibc
internal import SkeinSync

/// A word in shared memory, and what keeps it there.
struct SharedWord: @unchecked Sendable {
  // Sendable because the word is only read, atomically, and the region keeps it mapped.
  let region: SharedRegion
  let address: UnsafeMutableRawPointer
}

/// Waits for words in shared memory on behalf of tasks: a thread for up to 127 of them (man 2 futex_waitv).
///
/// A thread is made for the first task that waits, further ones when there are more words than one can wait for, or for
/// each word on a kernel before Linux 5.16. One ends when it has had nothing to wait for for a second.
///
/// - Invariant: while a monitor has words, its thread runs, and sleeps on all of them or is about to look at them.
final class SharedWordMonitor: Sendable {
  private final class Interest: Sendable {
    let word: SharedWord
    let seen: UInt32
    let hasChanged = Event()

    init(_ word: SharedWord, seen: UInt32) {
      self.word = word
      self.seen = seen
    }

    var isDue: Bool { skein_load_u32(word.address) != seen }
  }

  private static let monitors = Lock<(all: [SharedWordMonitor], forks: UInt32)>(
    ([], 0), internalTo: "SharedWordMonitor")

  private let interests = Lock<[Interest]>([], internalTo: "SharedWordMonitor")
  private let capacity: Int
  /// The word by which it is called when its list has grown.
  private let call = FutexCall()

  private init(capacity: Int) { self.capacity = capacity }

  /// Suspends the task until the word has another value than `seen`.
  static func waitForChange<C: DeadlineClock>(
    of word: SharedWord, from seen: UInt32, until deadline: C.Instant?, clock: C
  ) async throws(WaitError) {
    let interest = Interest(word, seen: seen)
    let monitor = add(interest)
    defer { monitor.interests.withLock { interests in interests.removeAll { $0 === interest } } }
    if let deadline {
      try await interest.hasChanged.wait(until: deadline, clock: clock)
    } else {
      try await interest.hasChanged.wait()
    }
  }

  private static let kernelCapacity: Int = {
    var own: UInt32 = 0
    // Returns at once, since the word is not what is expected: or the kernel does not know the call.
    return withUnsafePointer(to: &own) { own in
      let word: UnsafeRawPointer? = UnsafeRawPointer(own)
      let answer = withUnsafePointer(to: word) { skein_futex_wait_any($0, [1], 1, 1, -1) }
      return answer == -EAGAIN ? Int(SKEIN_MAX_WAITED_WORDS) - 1 : 1
    }
  }()

  private static func add(_ interest: Interest) -> SharedWordMonitor {
    let capacity = kernelCapacity
    let (monitor, isNew) = monitors.withLock { monitors in
      // A forked child has none of its parent's threads.
      if monitors.forks != skein_fork_count() { monitors = ([], skein_fork_count()) }
      for monitor in monitors.all where monitor.takes(interest) { return (monitor, false) }
      let monitor = SharedWordMonitor(capacity: capacity)
      _ = monitor.takes(interest)
      monitors.all.append(monitor)
      return (monitor, true)
    }
    if isNew {
      startDetachedThread(name: "skein-shared") { monitor.run() }
    } else {
      monitor.call.ring()
    }
    return monitor
  }

  private func takes(_ interest: Interest) -> Bool {
    interests.withLock { interests in
      guard interests.count < capacity else { return false }
      interests.append(interest)
      return true
    }
  }

  private func run() {
    while true {
      let heard = call.count
      let (due, left) = sortOut()
      for interest in due { interest.hasChanged.set() }
      if left.isEmpty {
        let answer = call.wait(from: heard, at: MonotonicClock().now.advanced(by: .seconds(1)).nanoseconds)
        if answer == -ETIMEDOUT, leave() { return }
      } else {
        sleep(on: left, heard: heard)
      }
    }
  }

  private func sortOut() -> (due: [Interest], left: [Interest]) {
    interests.withLock { interests in
      let due = interests.filter(\.isDue)
      if !due.isEmpty { interests.removeAll { interest in due.contains { $0 === interest } } }
      return (due, interests)
    }
  }

  private func sleep(on interests: [Interest], heard: UInt32) {
    withExtendedLifetime(interests) {
      if capacity == 1 {
        // An old kernel waits for one word at a time: it looks for a call now and then.
        let glance = MonotonicClock().now.advanced(by: .milliseconds(20)).nanoseconds
        _ = skein_futex_wait(interests[0].word.address, interests[0].seen, glance, true)
      } else {
        let words: [UnsafeRawPointer?] = [call.word] + interests.map { UnsafeRawPointer($0.word.address) }
        _ = skein_futex_wait_any(words, [heard] + interests.map(\.seen), words.count, 1, -1)
      }
    }
  }

  /// Takes the monitor out of the list, unless it has got something to do.
  private func leave() -> Bool {
    Self.monitors.withLock { monitors in
      guard interests.withLock({ $0.isEmpty }) else { return false }
      monitors.all.removeAll { $0 === self }
      return true
    }
  }
}

/// A word of this process that counts calls.
private final class FutexCall: @unchecked Sendable {
  // Sendable because the word is read and written atomically only.
  let word: UnsafeRawPointer
  private let memory = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)

  init() {
    memory.initialize(to: 0)
    word = UnsafeRawPointer(memory)
  }

  deinit { memory.deallocate() }

  var count: UInt32 { skein_load_u32(word) }

  func ring() {
    _ = skein_add_u32(memory, 1)
    _ = skein_futex_wake(word, .max, false)
  }

  func wait(from count: UInt32, at deadline: Int64) -> Int32 {
    skein_futex_wait(word, count, deadline, false)
  }
}
