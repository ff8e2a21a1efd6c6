import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

/// Barriers, conditions and recursive locks, whose meaning is in who meets whom.
@Suite("As in CPython, where threads meet", .enabled(if: CPython.path != nil, "python3 is not installed"))
struct CPythonRendezvousTests {
  @Test("barriers number their parties, run their action once, break and heal alike")
  func barriers() async throws {
    let theirs = try await CPython.run(
      """
      import threading
      actions, lock = [], threading.Lock()
      barrier = threading.Barrier(3, action=lambda: actions.append(1))
      def meet(count, timeout=None):
          results = []
          def party():
              try: result = str(barrier.wait(timeout))
              except threading.BrokenBarrierError: result = "broken"
              with lock: results.append(result)
          threads = [threading.Thread(target=party) for _ in range(count)]
          for thread in threads: thread.start()
          return threads, results
      def show(threads, results):
          for thread in threads: thread.join()
          print(" ".join(sorted(results)))
      show(*meet(3)); show(*meet(3)); print(len(actions))
      waiting = meet(1)
      while barrier.n_waiting < 1: pass
      show(*meet(1, 0.001)); show(*waiting); print(barrier.broken)
      show(*meet(1)); barrier.reset(); print(barrier.broken)
      waiting = meet(2)
      while barrier.n_waiting < 2: pass
      barrier.abort(); show(*waiting)
      barrier.reset(); show(*meet(3)); print(len(actions), barrier.n_waiting)
      """)
    let actions = Lock(0)
    let barrier = Barrier(parties: 3, action: { actions.withLock { $0 += 1 } })
    @Sendable func party(_ timeout: Duration?) async throws -> String {
      try await onThread {
        do {
          guard let timeout else { return "\(try barrier.wait())" }
          return "\(try barrier.wait(timeout: timeout))"
        } catch BarrierError.broken, BarrierError.timedOut { return "broken" }
      }
    }
    func meet(_ count: Int, _ timeout: Duration? = nil) async throws -> [Task<String, any Error>] {
      (0..<count).map { _ in Task { try await party(timeout) } }
    }
    func show(_ parties: [Task<String, any Error>]) async throws -> String {
      var results: [String] = []
      for party in parties { results.append(try await party.value) }
      return results.sorted().joined(separator: " ")
    }
    func python(_ value: Bool) -> String { value ? "True" : "False" }
    var ours: [String] = []
    for _ in 0..<2 { ours.append(try await show(meet(3))) }
    ours.append("\(actions.withLock { $0 })")
    var waiting = try await meet(1)
    try await eventually("one waits") { barrier.waiterCount == 1 }
    ours.append(try await show(meet(1, .milliseconds(1))))
    ours.append(try await show(waiting))
    ours.append(python(barrier.isBroken))
    ours.append(try await show(meet(1)))
    barrier.reset()
    ours.append(python(barrier.isBroken))
    waiting = try await meet(2)
    try await eventually("two wait") { barrier.waiterCount == 2 }
    barrier.abort()
    ours.append(try await show(waiting))
    barrier.reset()
    ours.append(try await show(meet(3)))
    ours.append("\(actions.withLock { $0 }) \(barrier.waiterCount)")
    #expect(ours == theirs)
  }

  @Test("recursive locks count their holder's turns alike")
  func recursiveLocks() async throws {
    let theirs = try await CPython.run(
      """
      import threading
      lock = threading.RLock()
      def elsewhere():
          seen = []
          def attempt():
              seen.append(lock.acquire(blocking=False))
              if seen[0]: lock.release()
          thread = threading.Thread(target=attempt); thread.start(); thread.join()
          return seen[0]
      print(elsewhere())
      with lock:
          print(elsewhere(), lock.acquire(blocking=False))
          print(elsewhere())
          lock.release()
          print(elsewhere())
      print(elsewhere())
      """)
    let ours = try await onThread {
      let (lock, lines) = (RecursiveLock(), Lock<[String]>([]))
      func elsewhere() -> String {
        let (answer, isDone) = (Lock(""), Event())
        startDetachedThread(name: "elsewhere") {
          let isTaken = lock.tryLock { _ in true } ?? false
          answer.withLock { $0 = isTaken ? "True" : "False" }
          isDone.set()
        }
        try? isDone.wait()
        return answer.withLock { $0 }
      }
      func write(_ line: String) { lines.withLock { $0.append(line) } }
      write(elsewhere())
      lock.withLock { _ in
        let before = elsewhere()
        let inside = lock.tryLock { _ in elsewhere() }
        write("\(before) \(inside != nil ? "True" : "False")")
        write(inside ?? "")
        write(elsewhere())
      }
      write(elsewhere())
      return lines.withLock { $0 }
    }
    #expect(ours == theirs)
  }

  @Test("conditions time out, and wake as many as are notified, alike")
  func conditions() async throws {
    let theirs = try await CPython.run(
      """
      import threading
      condition, tickets, got, waiting = threading.Condition(), [0], [0], [0]
      with condition:
          print(condition.wait_for(lambda: False, 0.001))
          print(condition.wait_for(lambda: True, 0))
      def take():
          with condition:
              waiting[0] += 1
              condition.wait_for(lambda: tickets[0] > 0)
              tickets[0] -= 1; got[0] += 1
      threads = [threading.Thread(target=take) for _ in range(3)]
      for thread in threads: thread.start()
      while True:
          with condition:
              if waiting[0] == 3: break
      with condition:
          tickets[0] += 2; condition.notify(2)
      while got[0] < 2: pass
      with condition: print(got[0], tickets[0])
      with condition:
          tickets[0] += 2; condition.notify_all()
      for thread in threads: thread.join()
      print(got[0], tickets[0])
      """)
    var ours: [String] = []
    let (lock, got) = (Lock(0), Lock(0))
    let condition = Condition(of: lock)
    ours += try await onThread {
      var lines: [String] = []
      do {
        try condition.withLock(when: { _ in false }, timeout: .milliseconds(1)) { _ in lines.append("True") }
      } catch WaitError.timedOut { lines.append("False") }
      try condition.withLock(when: { _ in true }, timeout: .zero) { _ in lines.append("True") }
      return lines
    }
    let takers = (0..<3).map { _ in
      Task {
        try await onThread {
          try condition.withLock(when: { $0 > 0 }) { tickets in
            tickets -= 1
            got.withLock { $0 += 1 }
          }
        }
      }
    }
    try await eventually("three wait") { condition.waiterCount == 3 }
    lock.withLock { tickets in
      tickets += 2
      condition.notify(2)
    }
    try await eventually("two have got one") { got.withLock { $0 } == 2 }
    ours.append("\(got.withLock { $0 }) \(lock.withLock { $0 })")
    lock.withLock { tickets in
      tickets += 2
      condition.notifyAll()
    }
    for taker in takers { try await taker.value }
    ours.append("\(got.withLock { $0 }) \(lock.withLock { $0 })")
    #expect(ours == theirs)
  }
}
