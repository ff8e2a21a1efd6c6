import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

/// Not Sendable; tells on which thread it goes.
private final class Account {
  var balance = 0
  private let end: @Sendable (UInt64?) -> Void

  init(_ end: @escaping @Sendable (UInt64?) -> Void = { _ in }) { self.end = end }
  deinit { end(ThreadInfo.current.number) }
}

private struct Failure: Error, Equatable {}

@Suite("ThreadLocal", .leavesNoThreads)
struct ThreadLocalTests {
  @Test("every thread begins with the initial value, made once for it, and changes its own alone")
  func values() async throws {
    let made = Lock(0)
    let local = ThreadLocal(
      made.withLock {
        $0 += 1; return 100
      })
    let all = Barrier(parties: 4)
    let sums = Lock<[Int]>([])
    try await onThreads(4) { index in
      #expect(local.value == 100)
      local.value += index
      try all.wait()
      for _ in 0..<10 { local.value += 1 }
      sums.withLock { $0.append(local.value) }
    }
    #expect(sums.withLock { $0.sorted() } == [110, 111, 112, 113])
    #expect(made.withLock { $0 } == 4)
  }

  @Test("nothing is made before a thread asks")
  func lazy() async throws {
    let made = Lock(0)
    do {
      let local = ThreadLocal(made.withLock { $0 += 1 })
      try await onThread { withExtendedLifetime(local) {} }
    }
    #expect(made.withLock { $0 } == 0)
  }

  @Test("a value need not be Sendable, and stays on its thread")
  func notSendable() async throws {
    let ends = Lock<[UInt64?]>([])
    let local = ThreadLocal(Account { number in ends.withLock { $0.append(number) } })
    let thread = try OSThread.start {
      local.withValue { $0.balance += 1 }
      return local.withValue { account in
        account.balance += 1
        return account.balance
      }
    }
    #expect(try await thread.join() == 2)
    #expect(ends.withLock { $0 } == [thread.number])
  }

  @Test("what a body throws is thrown on, with its type")
  func bodyThrows() async throws {
    let local = ThreadLocal(0)
    try await onThread {
      do throws(Failure) {
        try local.withValue { (value: inout sending Int) throws(Failure) in
          value = 1
          throw Failure()
        }
      } catch { #expect(error == Failure()) }
      #expect(local.value == 1)
    }
  }

  @Test("a reset destroys the thread's own value, and the next look makes another one")
  func reset() async throws {
    let ends = Lock(0)
    let local = ThreadLocal(Account { _ in ends.withLock { $0 += 1 } })
    try await onThread {
      local.reset()
      local.withValue { $0.balance = 5 }
      #expect(ends.withLock { $0 } == 0)
      local.reset()
      #expect(ends.withLock { $0 } == 1)
      #expect(local.withValue { $0.balance } == 0)
    }
  }

  // MARK: The end

  @Test("all values of a thread are destroyed on it before a join returns", arguments: 1...5)
  func destroyed(_: Int) async throws {
    let ends = Lock<[UInt64?]>([])
    let locals = (0..<20).map { _ in ThreadLocal(Account { number in ends.withLock { $0.append(number) } }) }
    let thread = try OSThread.start { for local in locals { local.withValue { $0.balance += 1 } } }
    try await thread.join()
    #expect(ends.withLock { $0 } == Array(repeating: thread.number, count: 20))
  }

  @Test("a value that asks for another one when it goes gets one, and that goes too")
  func destroyedInTurn() async throws {
    let ends = Lock<[String]>([])
    let second = ThreadLocal(Account { _ in ends.withLock { $0.append("second") } })
    let first = ThreadLocal(
      Account { _ in
        second.withValue { $0.balance += 1 }
        ends.withLock { $0.append("first") }
      })
    try await OSThread.start { first.withValue { _ in } }.join()
    #expect(ends.withLock { $0 } == ["first", "second"])
  }

  @Test("one that asks for itself again and again does not keep the thread from ending")
  func destroyedForEver() async throws {
    final class Phoenix: Sendable {
      let rise: @Sendable () -> Void
      init(_ rise: @escaping @Sendable () -> Void) { self.rise = rise }
      deinit { rise() }
    }
    let again = Lock<(@Sendable () -> Void)?>(nil)
    let local = ThreadLocal(Phoenix { again.withLock { $0 }?() })
    again.withLock { $0 = { local.withValue { _ in } } }
    try await OSThread.start { local.withValue { _ in } }.join()
    again.withLock { $0 = nil }
  }

  @Test("the values of a thread that somebody else made go with it too")
  func foreign() async throws {
    let ends = Lock(0)
    let local = ThreadLocal(Account { _ in ends.withLock { $0 += 1 } })
    let balance = Lock(0)
    startDetachedThread(name: "foreign") {
      local.withValue { $0.balance = 3 }
      balance.withLock { $0 = local.withValue { $0.balance } }
    }
    try await eventually("it has ended") { ends.withLock { $0 } == 1 }
    #expect(balance.withLock { $0 } == 3)
  }

  @Test("a variable that goes takes the calling thread's value along, the others keep theirs until they end")
  func variableGoes() async throws {
    let ends = Lock<[UInt64?]>([])
    let (hasValue, gate) = (Event(), Event())
    let holder = Lock<ThreadLocal<Account>?>(
      ThreadLocal(Account { number in ends.withLock { $0.append(number) } }))
    let other = try OSThread.start {
      holder.withLock { $0 }?.withValue { $0.balance = 1 }
      hasValue.set()
      try gate.wait()
    }
    try await hasValue.wait()
    let owner = try await OSThread.start {
      holder.withLock { $0 }?.withValue { $0.balance = 2 }
      holder.withLock { $0 = nil }
      #expect(ends.withLock { $0 } == [ThreadInfo.current.number])
      return ThreadInfo.current.number
    }.join()
    gate.set()
    try await other.join()
    #expect(ends.withLock { $0 } == [owner, other.number])
  }

  @Test("a variable that takes the place of one that is gone does not see its values")
  func reuse() async {
    await #expect(processExitsWith: .success) {
      let ends = Lock(0)
      let holder = Lock<ThreadLocal<Account>?>(ThreadLocal(Account { _ in ends.withLock { $0 += 1 } }))
      let (hasValue, isGone) = (Event(), Event())
      let other = try OSThread.start {
        holder.withLock { $0 }?.withValue { $0.balance = 1 }
        hasValue.set()
        try isGone.wait()
        let next = ThreadLocal(7)
        precondition(ends.withLock { $0 } == 0)
        precondition(next.value == 7)
        precondition(ends.withLock { $0 } == 1, "the old value goes when its place is needed")
      }
      try await hasValue.wait()
      holder.withLock { $0 = nil }
      isGone.set()
      try await other.join()
    }
  }

  // MARK: Recursion

  @Test("what makes an initial value may ask for other variables")
  func nested() async throws {
    let base = ThreadLocal(20)
    let middle = ThreadLocal(base.value + 1)
    let top = ThreadLocal(middle.value * 2)
    try await onThread {
      #expect(top.value == 42)
      base.value = 0
      #expect(top.value == 42)
      top.reset()
      middle.reset()
      #expect(top.value == 2)
    }
  }

  @Test("one that asks for itself traps")
  func recursive() async {
    await #expect(processExitsWith: .failure) {
      let holder = Lock<ThreadLocal<Int>?>(nil)
      let local = ThreadLocal((holder.withLock { $0 }?.value ?? 0) + 1)
      holder.withLock { $0 = local }
      try await onThread { print(local.value) }
    }
  }

  @Test("many variables come and go on many threads", arguments: [1, 2, 3])
  func stress(seed: UInt64) async throws {
    let (made, ended) = (Lock(0), Lock(0))
    try await onThreads(4) { index in
      var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(index))
      var locals: [(ThreadLocal<Account>, Int)] = []
      for _ in 0..<2000 {
        if locals.isEmpty || Int.random(in: 0..<3, using: &generator) == 0 {
          let local = ThreadLocal(
            {
              made.withLock { $0 += 1 }
              return Account { _ in ended.withLock { $0 += 1 } }
            }())
          locals.append((local, 0))
        } else if Bool.random(using: &generator) {
          let index = Int.random(in: 0..<locals.count, using: &generator)
          locals[index].1 += 1
          let balance = locals[index].0.withValue { account in
            account.balance += 1
            return account.balance
          }
          #expect(balance == locals[index].1, "seed \(seed)")
        } else {
          locals.remove(at: Int.random(in: 0..<locals.count, using: &generator))
        }
      }
    }
    try await eventually("all values have gone") { ended.withLock { $0 } == made.withLock { $0 } }
  }
}
