import FoundationEssentials
import Glibc
import ProcessFunctions
import SkeinFutures
import SkeinProcesses
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

/// The same scenario here and in CPython's `multiprocessing` gives the same account.
@Suite("Processes as in CPython", .enabled(if: CPython.path != nil, "python3 is not installed"))
struct CPythonProcessTests {
  private func python(_ value: Bool) -> String { value ? "True" : "False" }

  @Test("how processes end, and what is known before")
  func ends() async throws {
    let theirs = try await CPython.run(
      """
      import multiprocessing as mp, os, signal, sys
      sys.stderr = open(os.devnull, "w")
      def succeed(): pass
      def fail(): raise ValueError(3)
      def end(code): sys.exit(code)
      def linger(line): line.send("here"); line.recv()
      def child(target, *arguments):
          p = mp.get_context("fork").Process(target=target, args=arguments); p.start(); return p
      for p in [child(succeed), child(fail), child(end, 7)]:
          p.join(); print(p.is_alive(), p.exitcode)
      for number in [signal.SIGTERM, signal.SIGKILL]:
          mine, theirs = mp.Pipe(); p = child(linger, theirs); theirs.close(); mine.recv()
          print(p.is_alive(), p.exitcode); p.join(0); print(p.is_alive())
          (p.terminate if number == signal.SIGTERM else p.kill)(); p.join(); print(p.is_alive(), p.exitcode)
          p.terminate(); print(p.exitcode)
      mine, theirs = mp.Pipe(); p = child(linger, theirs); theirs.close(); mine.recv()
      try: p.close()
      except ValueError: print("refused")
      mine.send(1); p.join(); print(p.exitcode)
      """)
    var ours: [String] = []
    func tell(_ child: ChildProcess) {
      ours.append("\(python(child.isAlive)) \(child.exitCode.map { "\($0)" } ?? "None")")
    }
    let program = try program()
    for child in [
      try ChildProcess.start(Succeed(), program: program), try ChildProcess.start(Fail(3), program: program),
      try ChildProcess.start(End(7), program: program),
    ] {
      try await child.join()
      tell(child)
    }
    for number in [SIGTERM, SIGKILL] {
      let (mine, theirs) = try Connection.makePair()
      let child = try ChildProcess.start(Linger(theirs), program: program)
      theirs.close()
      _ = try await mine.receive(String.self)
      tell(child)
      _ = try? await child.join(timeout: .zero)
      ours.append(python(child.isAlive))
      if number == SIGTERM { child.terminate() } else { child.kill() }
      try await child.join()
      tell(child)
      child.terminate()
      ours.append("\(child.exitCode!)")
    }
    let (mine, other) = try Connection.makePair()
    let child = try ChildProcess.start(Meet(other), program: program)
    other.close()
    _ = try await mine.receive(Int32.self)
    do { try child.close() } catch { ours.append("refused") }
    try await mine.send("go")
    try await child.join()
    try child.close()
    ours.append("\(child.exitCode!)")
    #expect(ours == theirs)
  }

  @Test("a line between two: order, polling, its end, and which of several are ready")
  func lines() async throws {
    let theirs = try await CPython.run(
      """
      from multiprocessing import Pipe
      from multiprocessing.connection import wait
      a, b = Pipe()
      print(b.poll()); a.send(1); a.send("two"); print(b.poll()); print(b.recv(), b.recv()); print(b.poll())
      b.send_bytes(b"xyz"); print(len(a.recv_bytes()))
      a.send(3); a.close(); print(b.poll()); print(b.recv()); print(b.poll())
      try: b.recv()
      except EOFError: print("end")
      try: b.send(1)
      except BrokenPipeError: print("end")
      try: a.send(1)
      except OSError: print("closed")
      pairs = [Pipe() for _ in range(3)]
      print([i for i, p in enumerate(pairs) if p[1] in wait([p[1] for p in pairs], 0)])
      pairs[1][0].send(1); pairs[2][0].close()
      print([i for i, p in enumerate(pairs) if p[1] in wait([p[1] for p in pairs], 0)])
      """)
    let ours = try await onThread { () -> [String] in
      func python(_ value: Bool) -> String { value ? "True" : "False" }
      var ours: [String] = []
      let (a, b) = try Connection.makePair()
      ours.append(python(try b.poll()))
      try a.send(1)
      try a.send("two")
      ours.append(python(try b.poll()))
      ours.append("\(try b.receive(Int.self)) \(try b.receive(String.self))")
      ours.append(python(try b.poll()))
      try b.sendBytes(Data("xyz".utf8))
      ours.append("\(try a.receiveBytes().count)")
      try a.send(3)
      a.close()
      // A process that another test starts meanwhile has the other end too, until it executes its program.
      let patience = Duration.seconds(30)
      ours += [python(try b.poll()), "\(try b.receive(Int.self))", python(try b.poll(timeout: patience))]
      do { _ = try b.receive(Int.self) } catch ConnectionError.ended { ours.append("end") }
      do { try b.send(1) } catch ConnectionError.ended { ours.append("end") }
      do { try a.send(1) } catch ConnectionError.closed { ours.append("closed") }
      let pairs = try (0..<3).map { _ in try Connection.makePair() }
      func ready() -> String {
        let ready = waitForAny(of: pairs.map(\.1), timeout: .zero)
        return "\(pairs.indices.filter { index in ready.contains { $0 === pairs[index].1 } })"
      }
      ours.append(ready())
      try pairs[1].0.send(1)
      pairs[2].0.close()
      _ = try pairs[2].1.poll(timeout: patience)
      ours.append(ready())
      return ours
    }
    #expect(ours == theirs)
  }

  @Test("what waits between processes: permits, a flag, a barrier, a queue")
  func waiting() async throws {
    let theirs = try await CPython.run(
      """
      import multiprocessing as mp, queue, threading
      s = mp.BoundedSemaphore(2)
      print(s.acquire(False), s.acquire(False), s.acquire(False)); s.release(); print(s.acquire(True, 0.01)); print(s.acquire(True, 0.01))
      s.release(); s.release()
      try: s.release()
      except ValueError: print("refused")
      e = mp.Event(); print(e.is_set(), e.wait(0)); e.set(); print(e.is_set(), e.wait(0)); e.clear(); print(e.is_set())
      b = mp.Barrier(2)
      try: b.wait(0.01)
      except threading.BrokenBarrierError: print("broken")
      print(b.broken); b.reset(); print(b.broken); b.abort()
      try: b.wait()
      except threading.BrokenBarrierError: print("broken")
      q = mp.Queue(2); q.put("a"); q.put("b")
      try: q.put("c", timeout=0.01)
      except queue.Full: print("full")
      print(q.get(), q.get())
      try: q.get(timeout=0.01)
      except queue.Empty: print("empty")
      v = mp.Value("i", 5)
      with v.get_lock(): v.value += 1
      print(v.value); a = mp.Array("i", [1, 2, 3]); a[1] = 7; print(list(a), len(a))
      """)
    let ours = try await onThread { () -> [String] in
      func python(_ value: Bool) -> String { value ? "True" : "False" }
      func inTime(_ body: () throws -> Void) -> Bool { do { try body(); return true } catch { return false } }
      let briefly = Duration.milliseconds(10)
      var ours: [String] = []
      let semaphore = try SharedSemaphore(permits: 2, isBounded: true)
      ours.append((0..<3).map { _ in python(semaphore.tryAcquire()) }.joined(separator: " "))
      try semaphore.release()
      for _ in 0..<2 { ours.append(python(inTime { try semaphore.acquire(timeout: briefly) })) }
      try semaphore.release()
      try semaphore.release()
      do { try semaphore.release() } catch { ours.append("refused") }
      let event = try SharedEvent()
      func tell() -> String { python(event.isSet) }
      ours.append("\(tell()) \(python(inTime { try event.wait(timeout: .zero) }))")
      event.set()
      ours.append("\(tell()) \(python(inTime { try event.wait(timeout: .zero) }))")
      event.clear()
      ours.append(tell())
      let barrier = try SharedBarrier(parties: 2)
      if !inTime({ _ = try barrier.wait(timeout: briefly) }) { ours.append("broken") }
      ours.append(python(barrier.isBroken))
      barrier.reset()
      ours.append(python(barrier.isBroken))
      barrier.abort()
      if !inTime({ _ = try barrier.wait() }) { ours.append("broken") }
      let queue = try SharedQueue<String>(capacity: 2)
      try queue.put("a")
      try queue.put("b")
      if !inTime({ try queue.put("c", timeout: briefly) }) { ours.append("full") }
      ours.append("\(try queue.get()) \(try queue.get())")
      if !inTime({ _ = try queue.get(timeout: briefly) }) { ours.append("empty") }
      let value = try SharedValue(5)
      value.withLock { $0 += 1 }
      ours.append("\(value.withLock { $0 })")
      let array = try SharedArray([1, 2, 3])
      array[1] = 7
      ours.append("\(array.elements) \(array.count)")
      return ours
    }
    #expect(ours == theirs)
  }

  @Test("the objects of a manager")
  func managers() async throws {
    let theirs = try await CPython.run(
      """
      import multiprocessing as mp, queue
      with mp.Manager() as m:
          d = m.dict(a=1); d["b"] = 2; print(d.get("a"), d.get("c"), len(d)); print(d.pop("a"), d.pop("a", None))
          print(d.setdefault("b", 9), d.setdefault("c", 3)); print(sorted(d.items())); d.clear(); print(len(d))
          l = m.list([1, 2]); l.append(3); l.extend([4, 5]); l.insert(0, 0); l[2] = 20; print(list(l))
          print(l.pop(), l.pop(0), len(l))
          try: l[9]
          except IndexError: print("out of bounds")
          n = m.Namespace(); n.x = 1; n.x += 1; n.name = "n"; print(n.x, n.name)
          k = m.Lock(); print(k.acquire(), k.acquire(False)); k.release(); print(k.acquire(False)); k.release()
          try: k.release()
          except RuntimeError: print("refused")
          q = m.Queue(1); q.put(1)
          try: q.put(2, False)
          except queue.Full: print("full")
          print(q.get())
          try: q.get(True, 0.01)
          except queue.Empty: print("empty")
      try: len(l)
      except (BrokenPipeError, ConnectionError, EOFError, FileNotFoundError): print("ended")
      """)
    let program = try program()
    let ours = try await onThread { () -> [String] in
      func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "None" }
      func python(_ value: Bool) -> String { value ? "True" : "False" }
      var ours: [String] = []
      let manager = try SharedManager(program: program)
      let d: ManagedDictionary<String, Int> = try manager.makeDictionary()
      try d.set(1, for: "a")
      try d.set(2, for: "b")
      ours.append("\(text(try d.value(for: "a"))) \(text(try d.value(for: "c"))) \(try d.count())")
      ours.append("\(text(try d.remove("a"))) \(text(try d.remove("a")))")
      func setDefault(_ key: String, _ value: Int) throws -> String {
        text(try d.update(key) { $0 = $0 ?? value })
      }
      ours.append("\(try setDefault("b", 9)) \(try setDefault("c", 3))")
      let items = try d.contents().sorted { $0.key < $1.key }.map { "('\($0.key)', \($0.value))" }
      ours.append("[\(items.joined(separator: ", "))]")
      try d.removeAll()
      ours.append("\(try d.count())")
      let l = try manager.makeList([1, 2])
      try l.append(3)
      try l.append(contentsOf: [4, 5])
      try l.insert(0, at: 0)
      try l.set(20, at: 2)
      ours.append("\(try l.contents())")
      ours.append("\(text(try l.popLast())) \(text(try l.popFirst())) \(try l.count())")
      do { _ = try l.value(at: 9) } catch ManagerError.outOfBounds { ours.append("out of bounds") }
      let n = try manager.makeNamespace()
      try n.set(1, for: "x")
      try n.set(try n.value(for: "x", as: Int.self)! + 1, for: "x")
      try n.set("n", for: "name")
      ours.append(
        "\(text(try n.value(for: "x", as: Int.self))) \(text(try n.value(for: "name", as: String.self)))")
      let k = try manager.makeLock()
      ours.append("\(python(try k.tryAcquire())) \(python(try k.tryAcquire()))")
      try k.release()
      ours.append(python(try k.tryAcquire()))
      try k.release()
      do { try k.release() } catch ManagerError.notHeld { ours.append("refused") }
      let q = try manager.makeQueue(of: Int.self, capacity: 1)
      try q.put(1)
      if try !q.tryPut(2) { ours.append("full") }
      ours.append("\(try q.get())")
      do { _ = try q.get(timeout: .milliseconds(10)) } catch WaitError.timedOut { ours.append("empty") }
      manager.shutdown()
      do { _ = try l.count() } catch ManagerError.ended { ours.append("ended") }
      return ours
    }
    #expect(ours == theirs)
  }

  @Test("pools: an error, a map's order, a crash that breaks the pool, an initialiser that fails")
  func pools() async throws {
    let theirs = try await CPython.run(
      """
      import logging, multiprocessing as mp, os, signal
      from concurrent.futures import *
      from concurrent.futures.process import BrokenProcessPool
      logging.disable(logging.CRITICAL)
      def square(n): return n * n
      def square_or_fail(n):
          if n == 5: raise ValueError(n)
          return n * n
      def die(): os.kill(os.getpid(), signal.SIGKILL)
      def bad(): raise ValueError(1)
      pool = ProcessPoolExecutor(2, mp.get_context("fork"))
      print(list(pool.map(square, range(6), chunksize=2)))
      results = []
      try:
          for result in pool.map(square_or_fail, range(8)): results.append(result)
      except ValueError: print("failed after", len(results))
      print(pool.submit(square, 4).result())
      try: pool.submit(die).result()
      except BrokenProcessPool: print("broken")
      try: pool.submit(square, 4).result()
      except BrokenProcessPool: print("broken")
      pool.shutdown()
      pool = ProcessPoolExecutor(1, mp.get_context("fork")); pool.shutdown()
      try: pool.submit(square, 1)
      except RuntimeError: print("shut down")
      pool = ProcessPoolExecutor(1, mp.get_context("fork"), initializer=bad)
      try: pool.submit(square, 1).result()
      except BrokenProcessPool: print("broken")
      pool.shutdown()
      """)
    var ours: [String] = []
    let pool = try processPool(2) { $0.crashPolicy = .failFast }
    ours.append("\(try await pool.map((0..<6).map { Square($0) }, chunk: 2))")
    var count = 0
    do {
      for number in 0..<8 {
        // As the iterator of Python's map gives them, one by one in their order.
        _ = try await pool.submit(SquareOrFail(number)).value
        count += 1
      }
    } catch is RemoteError { ours.append("failed after \(count)") }
    ours.append("\(try await pool.submit(Square(4)).value)")
    do { _ = try await pool.submit(Trap()).value } catch PoolError.broken { ours.append("broken") }
    do { _ = try await pool.submit(Square(4)).value } catch PoolError.broken { ours.append("broken") }
    await pool.shutdown()
    let closed = try processPool(1)
    await closed.shutdown()
    do { _ = try await closed.submit(Square(1)) } catch PoolError.shutDown { ours.append("shut down") }
    let broken = try processPool(1) { $0.initialiser = Fail(1) }
    do { _ = try await broken.submit(Square(1)).value } catch { ours.append("broken") }
    await broken.shutdown()
    #expect(ours == theirs)
  }
}
