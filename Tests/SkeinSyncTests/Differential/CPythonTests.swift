import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

/// The same scenario here and in CPython gives the same account.
///
/// Python's waits are observed through the lengths of its waiter lists, as ours through `waiterCount`.
@Suite("As in CPython", .enabled(if: CPython.path != nil, "python3 is not installed"))
struct CPythonTests {
  @Test("queues answer a thousand calls alike", arguments: 1...6 as ClosedRange<UInt64>)
  func queues(seed: UInt64) async throws {
    let calls = RandomOperations.queue(seed: seed, count: 1000)
    let theirs = try await CPython.run(RandomOperations.queueProgram, input: calls)
    let ours = RandomOperations.answers(toQueue: calls)
    #expect(ours == theirs, "seed \(seed), \(calls[0])")
  }

  @Test("semaphores answer a thousand calls alike", arguments: 1...3 as ClosedRange<UInt64>)
  func semaphores(seed: UInt64) async throws {
    let calls = RandomOperations.semaphore(seed: seed, count: 1000)
    let theirs = try await CPython.run(RandomOperations.semaphoreProgram, input: calls)
    #expect(RandomOperations.answers(toSemaphore: calls) == theirs, "seed \(seed)")
  }

  @Test("timed waits end alike, with the same answers")
  func timedWaits() async throws {
    let theirs = try await CPython.run(
      """
      import queue, threading
      def attempt(call):
          try: return call()
          except (queue.Full, queue.Empty): return "timed out"
      event, q = threading.Event(), queue.Queue(1)
      print(event.wait(0.001))
      event.set()
      print(event.wait(0.001), event.wait(0))
      event.clear()
      print(event.wait(0))
      print(attempt(lambda: q.get(timeout=0.001)))
      q.put(1, timeout=0.001)
      print(attempt(lambda: q.put(2, timeout=0.001)))
      print(q.get(timeout=0.001))
      s = threading.Semaphore(0)
      print(s.acquire(timeout=0.001))
      s.release()
      print(s.acquire(timeout=0.001))
      """)
    let ours = try await onThread {
      var lines: [String] = []
      let (event, queue, semaphore) = (Event(), Queue<Int>(capacity: 1), Semaphore(permits: 0))
      func inTime(_ body: () throws(WaitError) -> Void) -> String {
        do {
          try body()
          return "True"
        } catch { return "False" }
      }
      let short = Duration.milliseconds(1)
      lines.append(inTime { () throws(WaitError) in try event.wait(timeout: short) })
      event.set()
      lines.append(
        inTime { () throws(WaitError) in try event.wait(timeout: short) } + " "
          + inTime { () throws(WaitError) in try event.wait(timeout: .zero) })
      event.reset()
      lines.append(inTime { () throws(WaitError) in try event.wait(timeout: .zero) })
      lines.append((try? queue.get(timeout: short)).map { "\($0)" } ?? "timed out")
      try queue.put(1, timeout: short)
      let isPut = inTime { () throws(WaitError) in try queue.put(2, timeout: short) }
      lines.append(isPut == "True" ? "put" : "timed out")
      lines.append("\(try queue.get(timeout: short))")
      lines.append(inTime { () throws(WaitError) in try semaphore.acquire(timeout: short) })
      semaphore.release()
      lines.append(inTime { () throws(WaitError) in try semaphore.acquire(timeout: short) })
      return lines
    }
    #expect(ours == theirs)
  }

  @Test("asyncio serves a semaphore's and a queue's waiters in the same order")
  func asyncioOrder() async throws {
    let theirs = try await CPython.run(
      """
      import asyncio
      async def main():
          semaphore, q, served = asyncio.Semaphore(0), asyncio.Queue(), []
          async def acquire(n):
              await semaphore.acquire(); served.append(f"permit {n}")
          async def get(n):
              served.append(f"{n} got {await q.get()}")
          tasks = [asyncio.create_task(acquire(n)) for n in range(4)]
          await asyncio.sleep(0)
          tasks[1].cancel()
          await asyncio.sleep(0)
          for _ in range(3): semaphore.release(); await asyncio.sleep(0); await asyncio.sleep(0)
          tasks += [asyncio.create_task(get(n)) for n in range(4)]
          await asyncio.sleep(0)
          tasks[4].cancel()
          await asyncio.sleep(0)
          for item in "abc": q.put_nowait(item); await asyncio.sleep(0); await asyncio.sleep(0)
          await asyncio.gather(*tasks, return_exceptions=True)
          print("\\n".join(served))
      asyncio.run(main())
      """)
    let (semaphore, queue, served) = (Semaphore(permits: 0), Queue<String>(), Lock<[String]>([]))
    var tasks: [Task<Void, any Error>] = []
    for number in 0..<4 {
      tasks.append(
        Task {
          try await semaphore.acquire()
          served.withLock { $0.append("permit \(number)") }
        })
      try await eventually("it waits") { semaphore.waiterCount == number + 1 }
    }
    tasks[1].cancel()
    try await eventually("it left") { semaphore.waiterCount == 3 }
    for count in 1...3 {
      semaphore.release()
      try await eventually("one is served") { served.withLock { $0.count } == count }
    }
    for number in 0..<4 {
      tasks.append(
        Task {
          let item = try await queue.get()
          served.withLock { $0.append("\(number) got \(item)") }
        })
      try await eventually("it waits") { queue.waiterCount == number + 1 }
    }
    tasks[4].cancel()
    try await eventually("it left") { queue.waiterCount == 3 }
    for (index, item) in ["a", "b", "c"].enumerated() {
      try await queue.put(item)
      try await eventually("one is served") { served.withLock { $0.count } == 4 + index }
    }
    #expect(served.withLock { $0 } == theirs)
  }
}
