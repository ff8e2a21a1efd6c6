internal import Glibc
internal import SkeinSync

extension Diagnostics {
  /// What diagnosis does by itself.
  ///
  /// In a debug build everything is on. In a release build only what costs nothing until it is asked for, and
  /// the stall detector, which costs a task now and then.
  public struct Options: Sendable {
    /// Whether SIGUSR2 prints a snapshot to standard error; not if the program handles that signal itself.
    public var signal: Bool
    /// Whether `skein inspect` can ask this process, if it is run by the same user or by root.
    public var socket: Bool
    /// Whether locks that are taken in contradicting orders are reported. Each lock costs some tens of
    /// nanoseconds more then. Snapshots tell in addition where locks were taken.
    ///
    /// `SKEIN_LOCK_ORDER=1` in the environment switches it on in any build, `0` off.
    public var lockOrder: Bool
    /// Whether calls that block a thread of the cooperative pool are reported, once for each place.
    ///
    /// `SKEIN_BLOCKING=1` in the environment switches it on in any build, `0` off.
    public var blockingInTasks: Bool
    /// Whether it is remembered who takes permits and who moves items, so that likely deadlocks over
    /// semaphores and queues are found. Each such use costs some hundred nanoseconds more then.
    public var uses: Bool
    /// How long tasks may have to wait for a thread of the cooperative pool before that is reported; `nil`
    /// does not look.
    public var stallThreshold: Duration?

    /// Chooses what is done.
    ///
    /// - Precondition: a threshold is positive.
    @inlinable
    public init(
      signal: Bool = true, socket: Bool = true, lockOrder: Bool = _isDebugAssertConfiguration(),
      blockingInTasks: Bool = _isDebugAssertConfiguration(), uses: Bool = _isDebugAssertConfiguration(),
      stallThreshold: Duration? = .seconds(1)
    ) {
      self.signal = signal
      self.socket = socket
      self.lockOrder = lockOrder
      self.blockingInTasks = blockingInTasks
      self.uses = uses
      self.stallThreshold = stallThreshold
    }

    /// Only what costs nothing until it is asked for: the signal and the socket.
    public static let onDemand = Options(
      lockOrder: false, blockingInTasks: false, uses: false, stallThreshold: nil)
  }

  /// Starts to answer and to report; at the top of `main`, because what was locked before is not known.
  ///
  /// The first call decides: while diagnosis runs, another call does nothing. What can not be had, such as a
  /// socket in a directory that is not safe, is reported, and the rest works.
  ///
  /// ```swift
  /// Diagnostics.start()
  /// Diagnostics.onReport { logger.warning("\($0)") }
  /// ```
  public static func start(_ options: Options = Options()) {
    changes.withLock { _ in
      // A forked child has none of its parent's threads.
      if let old = running.withLock({ $0 }), old.process == getpid() { return }
      let new = Running(options.adjusted(by: environmentSwitch))
      running.withLock { $0 = new }
    }
  }

  /// Ends what ``start(_:)`` has begun, and removes the socket. Reports that are on their way still come.
  ///
  /// It waits for the diagnosis' thread to end, which takes a moment.
  public static func stop() {
    changes.withLock { _ in
      let old = running.withLock { running in
        defer { running = nil }
        return running
      }
      old?.stop()
    }
  }

  private static let running = Lock<Running?>(nil, internalTo: "diagnostics")
  /// Held by whoever starts or stops, to the end: what one of them makes has the name of what the other removes.
  private static let changes = Lock((), internalTo: "diagnostics, starting or stopping")

  private static func environmentSwitch(_ name: String) -> Bool? {
    switch getenv(name).map({ String(cString: $0) }) {
    case "1": true
    case "0": false
    default: nil
    }
  }

  /// Removes the socket when the process ends in an orderly way; one that is left is removed by the next
  /// process that starts.
  fileprivate static let removesSocketAtExit: Void = {
    atexit { Diagnostics.running.withLock { $0?.removeSocket() } }
  }()
}

extension Diagnostics.Options {
  /// What the environment says goes before what the program says.
  func adjusted(by environment: (String) -> Bool?) -> Diagnostics.Options {
    var options = self
    options.lockOrder = environment("SKEIN_LOCK_ORDER") ?? lockOrder
    options.blockingInTasks = environment("SKEIN_BLOCKING") ?? blockingInTasks
    return options
  }

  fileprivate var observation: SyncObservation {
    var what: SyncObservation = []
    if lockOrder { what.insert(.locks) }
    if blockingInTasks { what.insert(.blocking) }
    if uses { what.insert(.uses) }
    return what
  }
}

/// What runs while diagnosis is switched on.
private struct Running: Sendable {
  let process = getpid()
  private let observation: SyncObservation
  private let thread: DiagnosisThread?
  private let stalls: StallDetector<MonotonicClock>?

  init(_ options: Diagnostics.Options) {
    observation = options.observation
    let directory = options.socket ? InspectDirectory.path() : nil
    thread =
      options.signal || options.socket
      ? DiagnosisThread(signal: options.signal ? SIGUSR2 : nil, directory: directory, complain: Self.complain)
      : nil
    if options.socket { Diagnostics.removesSocketAtExit }
    stalls = options.stallThreshold.map {
      StallDetector(threshold: $0, clock: MonotonicClock(), tell: Self.tell)
    }
    stalls?.start()
    guard !observation.isEmpty else { return }
    HeldLocks.forgetAll()
    SyncObservation.start(observation, by: DiagnosticsObserver.shared)
  }

  func stop() {
    if !observation.isEmpty { SyncObservation.stop(observation) }
    // From here on nobody tells what is left.
    HeldLocks.forgetAll()
    DiagnosticsObserver.shared.uses.forgetAll()
    stalls?.stop()
    thread?.stop()
  }

  func removeSocket() { thread?.removeSocket() }

  private static func complain(_ message: String) {
    ReportQueue.shared.submit { .init(kind: .failure, message: message) }
  }

  @Sendable
  private static func tell(_ news: StallDetector<MonotonicClock>.News) {
    ReportQueue.shared.submit {
      switch news {
      case .stall(let age):
        let text = StallText(age: age, threads: ThreadStatus.all(), graph: Diagnostics.snapshot())
        return .init(kind: .stall, message: "\(text)")
      case .end(let total):
        return .init(kind: .stallEnd, message: "Tasks run again, after a stall of \(total.forPeople).")
      }
    }
  }
}
