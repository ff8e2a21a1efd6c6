import SkeinFutures
import SkeinSync
import SkeinTesting
import TestPrograms
import Testing

/// The same scenario here and in CPython gives the same account.
@Suite(
  "Futures and pools as in CPython", .enabled(if: CPython.path != nil, "python3 is not installed"),
  .leavesNoThreads)
struct CPythonFutureTests {
  private struct Boom: Error {}

  /// How a future stands, in the words of both.
  private func account(of future: Future<Int>) -> String {
    let result: String
    switch future.currentResult {
    case .success(let value)?: result = "\(value)"
    case .failure(FutureError.cancelled)?: result = "cancelled"
    case .failure?: result = "boom"
    case nil: result = "none"
    }
    return [future.isRunning, future.isDone, future.isCancelled].map(python).joined(separator: " ") + " "
      + result
  }

  private func python(_ value: Bool) -> String { value ? "True" : "False" }

  private static let accountInPython = """
    from concurrent.futures import *
    from concurrent.futures import InvalidStateError
    class Boom(Exception): pass
    def account(f):
        try: result = str(f.result(0))
        except TimeoutError: result = "none"
        except CancelledError: result = "cancelled"
        except Boom: result = "boom"
        print(f.running(), f.done(), f.cancelled(), result)
    """

  @Test("the states of a future, and what can be done in each")
  func states() async throws {
    let theirs = try await CPython.run(
      Self.accountInPython + """

        f = Future(); account(f); print(f.set_running_or_notify_cancel()); account(f); print(f.cancel())
        f.set_result(1); account(f); print(f.cancel()); account(f)
        try: f.set_result(2)
        except InvalidStateError: print("refused")
        f = Future(); print(f.cancel(), f.cancel()); account(f); print(f.set_running_or_notify_cancel()); account(f)
        try: f.set_exception(Boom())
        except InvalidStateError: print("refused")
        f = Future(); f.set_exception(Boom()); account(f)
        calls = []
        f = Future()
        f.add_done_callback(lambda f: calls.append("first"))
        f.add_done_callback(lambda f: calls.append("second"))
        f.set_result(1); f.add_done_callback(lambda f: calls.append("late")); print(*calls)
        calls = []
        f = Future(); f.add_done_callback(lambda f: calls.append(str(f.cancelled()))); f.cancel(); print(*calls)
        """)
    var ours: [String] = []
    func refused(_ body: () throws -> Void) {
      do { try body() } catch FutureError.alreadyCompleted { ours.append("refused") } catch {
        ours.append("\(error)")
      }
    }
    let first = Promise<Int>()
    ours.append(account(of: first.future))
    ours.append(python(try first.begin()))
    ours += [account(of: first.future), python(first.future.cancel())]
    try first.succeed(1)
    ours += [account(of: first.future), python(first.future.cancel()), account(of: first.future)]
    refused { try first.succeed(2) }
    let second = Promise<Int>()
    ours.append("\(python(second.future.cancel())) \(python(second.future.cancel()))")
    ours += [account(of: second.future), python(try second.begin()), account(of: second.future)]
    refused { try second.fail(Boom()) }
    let third = Promise<Int>()
    try third.fail(Boom())
    ours.append(account(of: third.future))
    let (fourth, calls) = (Promise<Int>(), Lock<[String]>([]))
    for name in ["first", "second"] { fourth.future.onDone { _ in calls.withLock { $0.append(name) } } }
    try fourth.succeed(1)
    fourth.future.onDone { _ in calls.withLock { $0.append("late") } }
    ours.append(calls.withLock { $0.joined(separator: " ") })
    let fifth = Promise<Int>()
    fifth.future.onDone { future in
      let text = future.isCancelled ? "True" : "False"
      calls.withLock { $0 = [text] }
    }
    fifth.future.cancel()
    ours.append(calls.withLock { $0.joined(separator: " ") })
    #expect(ours == theirs)
  }

  @Test("a pool: cancelling what has not begun, shutting down, refusing, a broken initialiser")
  func pools() async throws {
    let theirs = try await CPython.run(
      Self.accountInPython + """

        import threading
        gate, began = threading.Event(), threading.Event()
        def wait(): began.set(); gate.wait(); return 1
        pool = ThreadPoolExecutor(1)
        running = pool.submit(wait); queued = pool.submit(int, 2); third = pool.submit(int, 3)
        began.wait(); print(running.cancel(), queued.cancel()); account(queued); account(third)
        gate.set(); pool.shutdown(); account(running); account(third)
        try: pool.submit(int)
        except RuntimeError: print("refused")
        gate.clear(); began.clear()
        pool = ThreadPoolExecutor(1)
        running = pool.submit(wait); queued = pool.submit(int, 2); began.wait()
        pool.shutdown(wait=False, cancel_futures=True); account(queued); gate.set(); pool.shutdown(); account(running)
        def fail(): raise Boom()
        pool = ThreadPoolExecutor(1)
        f = pool.submit(fail); wait_for = wait
        try: f.result()
        except Boom: print("boom")
        print(pool.submit(int, 4).result()); pool.shutdown()
        import logging; logging.disable(logging.CRITICAL)
        def bad(): raise Boom()
        pool = ThreadPoolExecutor(1, initializer=bad)
        try: pool.submit(int).result()
        except BrokenExecutor: print("broken")
        try: pool.submit(int)
        except BrokenExecutor: print("broken")
        for size in [0, -1]:
            try: ThreadPoolExecutor(size)
            except ValueError: print("invalid")
        print(list(ThreadPoolExecutor(3).map(lambda x: x * x, range(5))))
        """)
    let ours = try await onThread { try poolAccount() }
    #expect(ours == theirs)
  }

  private func poolAccount() throws -> [String] {
    var lines: [String] = []
    func attempt(_ body: () throws -> Void) {
      do { try body() } catch PoolError.shutDown {
        lines.append("refused")
      } catch PoolError.broken {
        lines.append("broken")
      } catch PoolError.invalidSize { lines.append("invalid") } catch { lines.append("boom") }
    }
    let gate = Event()
    func start(_ pool: ThreadPool) throws -> Future<Int> {
      let began = Event()
      let future = try pool.submit {
        began.set()
        try gate.wait()
        return 1
      }
      try began.wait()
      return future
    }
    let first = try ThreadPool(threads: 1)
    var (running, queued) = (try start(first), try first.submit { 2 })
    let third = try first.submit { 3 }
    lines.append("\(python(running.cancel())) \(python(queued.cancel()))")
    lines += [account(of: queued), account(of: third)]
    gate.set()
    first.shutdown()
    lines += [account(of: running), account(of: third)]
    attempt { _ = try first.submit { 0 } }
    gate.reset()
    let second = try ThreadPool(threads: 1)
    (running, queued) = (try start(second), try second.submit { 2 })
    second.shutdown(wait: false, cancelPending: true)
    lines.append(account(of: queued))
    gate.set()
    second.shutdown()
    lines.append(account(of: running))
    let failing = try ThreadPool(threads: 1)
    attempt { try failing.submit { throw Boom() }.result() }
    lines.append("\(try failing.submit { 4 }.result())")
    failing.shutdown()
    let broken = try ThreadPool(threads: 1) { throw Boom() }
    attempt { _ = try broken.submit { 0 }.result() }
    attempt { _ = try broken.submit { 0 } }
    broken.shutdown()
    for size in [0, -1] { attempt { _ = try ThreadPool(threads: size) } }
    let mapping = try ThreadPool(threads: 3)
    lines.append("\(try mapping.map(0..<5) { $0 * $0 })")
    mapping.shutdown()
    return lines
  }

  @Test("wait and as_completed: conditions, duplicates, what was not done in time")
  func gathering() async throws {
    let theirs = try await CPython.run(
      Self.accountInPython + """

        def done(value):
            f = Future(); f.set_result(value); return f
        def failed():
            f = Future(); f.set_exception(Boom()); return f
        def cancelled():
            f = Future(); f.cancel(); f.set_running_or_notify_cancel(); return f
        def show(fs, **options):
            r = wait(fs, timeout=0.01, **options); print(len(r.done), len(r.not_done))
        pending, one = Future(), done(1)
        show([pending, one, one], return_when=FIRST_COMPLETED)
        show([pending, one, pending]); show([one, one]); show([])
        show([pending, failed()], return_when=FIRST_EXCEPTION)
        show([pending, cancelled()], return_when=FIRST_EXCEPTION)
        print(len(list(as_completed([one, one, done(2), cancelled()]))))
        try: list(as_completed([pending, one, Future(), one], timeout=0.01))
        except TimeoutError as e: print(e)
        """)
    let ours = try await onThread { try gatheringAccount() }
    #expect(ours == theirs)
  }

  private func gatheringAccount() throws -> [String] {
    var lines: [String] = []
    func show(_ futures: [Future<Int>], _ condition: ReturnCondition = .allCompleted) throws {
      let waited = try wait(for: futures, returnWhen: condition, timeout: .milliseconds(10))
      lines.append("\(waited.done.count) \(waited.notDone.count)")
    }
    func cancelled() -> Future<Int> {
      let promise = Promise<Int>()
      promise.future.cancel()
      return promise.future
    }
    let (pending, other, one) = (Promise<Int>(), Promise<Int>(), Future(.success(1)))
    let failed = Future<Int>(.failure(Boom()))
    try show([pending.future, one, one], .firstCompleted)
    try show([pending.future, one, pending.future])
    try show([one, one])
    try show([])
    try show([pending.future, failed], .firstError)
    try show([pending.future, cancelled()], .firstError)
    lines.append("\(asCompleted([one, one, Future(.success(2)), cancelled()]).results.map { $0 }.count)")
    let late = asCompleted([pending.future, one, other.future, one], timeout: .milliseconds(10))
    for case .failure(let error as UnfinishedFutures) in late.results {
      lines.append("\(error.unfinished) (of \(error.total)) futures unfinished")
    }
    return lines
  }
}
