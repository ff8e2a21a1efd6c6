internal import CSkein
internal import Glibc
internal import SkeinSync

/// A thread of the operating system that runs one closure, and gives its result to those who join it.
///
/// ```swift
/// let sum = try OSThread.start(name: "adder") { (1...1_000_000).reduce(0, +) }
/// print(try sum.join())
/// ```
///
/// The process does not end before its threads have, unless they are *daemons*: those are left where they stand, in
/// the middle of whatever they do. Use a daemon for what may be cut off at any instant, such as a heartbeat.
///
/// A thread that nobody refers to goes on all the same. An error that it throws and that nobody takes by a `join` is
/// told to ``UncaughtError/setHandler(_:)`` once nobody can: when the last reference to the thread goes, or at the end
/// of the process.
///
/// A thread that calls `exit` ends the process: the other threads that are no daemons are waited for first, the
/// calling one stays behind in `exit`. When several call it, the first gives the exit code.
///
/// A forked child has none of its parent's threads but the one that forked. It can join those that had ended; the
/// others have ended for it, without a result.
///
/// - Invariant: the body runs at most once. When a `join` returns, the result is there, and what the body captured and
///   the thread's own values (``ThreadLocal``) are gone.
/// - Source: behaviour after CPython's `threading.Thread`.
public final class OSThread<Success: Sendable>: Sendable {
  let record: ThreadRecord
  let outcome: ThreadOutcome<Success>
  private let stackSize: Int?
  private let work: ThreadWork<Success>

  /// Creates a thread that is yet to be started.
  ///
  /// - Parameters:
  ///   - name: what diagnosis, debuggers and `ps -L` call it, the last two by its first 15 bytes; by default
  ///     “Thread-” and a number.
  ///   - isDaemon: whether the process ends without waiting for it; by default as the thread that makes it, and false
  ///     in any thread that is no ``OSThread``.
  ///   - stackSize: in bytes, rounded up to whole pages; by default the system's, mostly 8 MiB. Only what is touched
  ///     takes memory.
  ///   - body: what the thread does.
  public init(
    name: String? = nil, isDaemon: Bool? = nil, stackSize: Int? = nil,
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable () throws -> Success
  ) {
    record = ThreadRecord(name: name, isDaemon: isDaemon, place: SourcePlace(file, line))
    outcome = ThreadOutcome(of: record)
    work = ThreadWork(body, outcome)
    self.stackSize = stackSize
  }

  /// Creates a thread and starts it.
  ///
  /// - Parameters:
  ///   - name: what diagnosis, debuggers and `ps -L` call it.
  ///   - isDaemon: whether the process ends without waiting for it.
  ///   - stackSize: in bytes.
  ///   - body: what the thread does.
  /// - Throws: ``ThreadError/refused(name:code:)``, ``ThreadError/stackTooSmall(name:bytes:minimum:)`` or
  ///   ``ThreadError/processEnds(name:)``.
  public static func start(
    name: String? = nil, isDaemon: Bool? = nil, stackSize: Int? = nil,
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable () throws -> Success
  ) throws(ThreadError) -> OSThread {
    let thread = OSThread(
      name: name, isDaemon: isDaemon, stackSize: stackSize, file: file, line: line, body)
    try thread.start()
    return thread
  }

  /// Starts the thread.
  ///
  /// A thread that the system refused can be started again.
  ///
  /// - Throws: ``ThreadError/alreadyStarted(name:)``, ``ThreadError/refused(name:code:)``,
  ///   ``ThreadError/stackTooSmall(name:bytes:minimum:)`` or ``ThreadError/processEnds(name:)``.
  /// - Complexity: about 10 to 30 µs.
  public func start() throws(ThreadError) {
    guard record.markStarted() else { throw .alreadyStarted(name: name) }
    do {
      try LiveThreads.add(record)
    } catch {
      record.markRefused()
      throw error
    }
    do {
      let (record, work) = (record, work)
      try createThread(name: name, stackSize: stackSize) {
        record.markRunning()
        work.perform()
        // What joins may look for the thread's own values, which go with it.
        ThreadValues.destroyAll()
        // From here on the process may end.
        LiveThreads.remove(record)
        record.markEnded()
      }
    } catch {
      LiveThreads.remove(record)
      record.markRefused()
      throw error
    }
  }

  // MARK: At this instant

  /// The thread's name.
  public var name: String { record.name }

  /// The number that it alone bears, given once in a process.
  public var number: UInt64 { record.number }

  /// The kernel's id; `nil` until the thread has begun to run.
  public var kernelID: UInt32? { record.kernelID }

  /// Whether the process ends without waiting for it.
  public var isDaemon: Bool { record.isDaemon }

  /// Where the thread stands in its life.
  ///
  /// - Complexity: O(1), with some looks into the kernel, about 10 µs.
  public var state: ThreadState { record.state }

  /// Whether it was started and has not ended.
  public var isAlive: Bool { record.isAlive }

  /// How many threads and tasks wait for its end, at this instant.
  public var waiterCount: Int { record.waiterCount }
}
