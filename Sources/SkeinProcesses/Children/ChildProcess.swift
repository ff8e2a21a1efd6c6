internal import CSkein
internal import Glibc
internal import SkeinSync
internal import SkeinWork
internal import Synchronization

/// A process that runs one function of this program, beside it: what it does to its memory, or to itself, does nothing
/// here.
///
/// ```swift
/// let child = try ChildProcess.start(Resize(path: "a.png"), name: "resize")
/// try await child.join()
/// print(child.exitCode!, child.failure ?? "done")
/// ```
///
/// A child ends with its parent, however that ends. One that is no daemon is waited for when its parent ends by itself;
/// a daemon is terminated.
///
/// - Invariant: once there is an exit, it never changes.
/// - Source: behaviour after CPython's `multiprocessing.Process`.
public final class ChildProcess: Sendable {
  /// What errors, diagnosis and the system's tools call it.
  public let name: String
  /// The id of the process.
  public let processID: Int32
  /// The id of the process that started it: this one.
  public let parentProcessID: Int32
  /// Whether it is ended with its parent, without being waited for.
  public let isDaemon: Bool
  /// How it was started.
  public let startMethod: StartMethod

  private struct State: Sendable {
    /// Becomes readable when it ends; it is closed then.
    var process: OwnedDescriptor?
    /// Whether it has said anything.
    var hasBegun = false
    var exit: ChildExit?
    var failure: (any Error)?
    /// Asks for the first that it says.
    var beginning: DescriptorMonitor.Interest?
    /// Whether that has not come in time.
    var isOverdue = false
    /// Ends it then.
    var impatience: ScheduledAction?
  }

  /// How long it may take to become a child.
  private static let patience = Duration.seconds(60)

  private let origin: Birth.Origin
  private let control: Connection
  private let controlSocket: OwnedDescriptor
  private let executable: String
  private let state: Lock<State>
  let hasEnded: Event

  private static let lastNumber = Atomic<Int>(0)

  // MARK: Starting

  /// Starts a process that runs a function.
  ///
  /// - Parameters:
  ///   - function: what it does. Connections and shared objects in it are sent along.
  ///   - name: what it is called; by default its function's name with a number.
  ///   - isDaemon: whether it is ended with its parent, without being waited for.
  ///   - method: how it comes to be.
  ///   - program: which program it runs; by default this one.
  /// - Throws: ``ProcessError``; `EncodingError` or ``ConnectionError`` when the input can not be sent. What the child refuses, and what its
  ///   function throws, comes as its ``failure``.
  /// - Complexity: about a fork: a millisecond; an execution with the method `spawn` and for the first one of `forkServer`.
  public static func start(
    _ function: some RemoteFunction, name: String? = nil, isDaemon: Bool = false,
    method: StartMethod = .standard, program: ChildProgram? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) throws -> ChildProcess {
    try start(
      function, name: name, isDaemon: isDaemon, method: method, program: program, errors: nil,
      at: SourcePlace(file, line))
  }

  /// Starts a daemon whose standard error is an open file.
  package static func start(
    _ function: some RemoteFunction, name: String, errors: OwnedDescriptor
  ) throws -> ChildProcess {
    try start(
      function, name: name, isDaemon: true, method: .standard, program: nil, errors: errors, at: SourcePlace()
    )
  }

  /// - Parameter errors: what is to be its standard error; `nil` for that of this process.
  static func start(
    _ function: some RemoteFunction, name: String?, isDaemon: Bool, method: StartMethod,
    program: ChildProgram?,
    errors: OwnedDescriptor?, at place: SourcePlace
  ) throws -> ChildProcess {
    let current = CurrentProcess.current
    if current.isDaemon { throw ProcessError.daemonHasNoChildren(name: current.name) }
    let program = try program ?? ChildProgram.current
    let kind = type(of: function)
    try program.check(kind)
    let files = DescriptorTransfer()
    let start = ChildStart(
      build: program.executable == "/proc/self/exe" ? ProgramBuild.current : nil,
      fingerprint: program.functions.fingerprint,
      name: name ?? "\(kind.name)-\(lastNumber.add(1, ordering: .relaxed).newValue)",
      parentProcessID: getpid(), isDaemon: isDaemon, method: method, function: kind.name,
      input: try files.encode(function))
    let message = try files.encode(start)
    let (mine, theirs) = try OwnedDescriptor.makeProcessLine()
    let born = try Birth(method: method, program: program, control: theirs, errors: errors).perform()
    let child = ChildProcess(born, start, of: program.executable, control: mine, at: place)
    LiveChildren.add(child)
    child.watch()
    do {
      try child.control.send(message, files.outgoing, at: place)
    } catch ConnectionError.ended {
      // One that has ended already shows that by its exit.
    } catch {
      child.kill()
      throw error
    }
    return child
  }

  private init(
    _ birth: Birth.Born, _ start: ChildStart, of executable: String, control socket: OwnedDescriptor,
    at place: SourcePlace
  ) {
    (name, isDaemon, startMethod) = (start.name, start.isDaemon, start.method)
    (processID, parentProcessID) = (birth.processID, start.parentProcessID)
    state = Lock(State(process: birth.process), internalTo: "ChildProcess")
    origin = birth.origin
    (controlSocket, self.executable) = (socket, executable)
    control = Connection(socket, name: start.name)
    hasEnded = Event(name: "end of \(start.name)", file: place.file, line: place.line)
  }

  /// What becomes readable when it ends; `nil` when it has.
  var process: OwnedDescriptor? { state.withLock { $0.process } }

  // MARK: What comes of it

  /// Has its end noted when that comes, and whether it became a child at all.
  private func watch() {
    let beginning = DescriptorMonitor.Interest(.reading) { [self] in hear() }
    let deadline = MonotonicClock().now.advanced(by: Self.patience)
    let impatience = MonotonicClock().schedule(at: deadline) { [weak self] in self?.giveUp() }
    state.withLock { ($0.beginning, $0.impatience) = (beginning, impatience) }
    DescriptorMonitor.shared.add(beginning, to: controlSocket.rawValue)
    let descriptor = if case .served(let line, _) = origin { line } else { process }
    guard let descriptor else { return }
    DescriptorMonitor.shared.add(.init(.reading) { [self] in noteEnd() }, to: descriptor.rawValue)
  }

  /// Takes in what it has said. On the monitor's thread alone.
  private func hear() {
    while let report = try? control.receive(ChildReport.self, timeout: .zero) {
      state.withLock { state in
        state.hasBegun = true
        switch report {
        case .failed(let error): state.failure = error
        case .refused(let reason): state.failure = ProcessError.refused(reason: reason)
        case .began, .finished: break
        }
      }
      stopWaiting()
    }
  }

  private func noteEnd() {
    if let exit = takeExit() { return note(exit) }
    // The server has ended, and the child may live on: that it ends is all that can be known.
    guard let process else { return }
    DescriptorMonitor.shared.add(.init(.reading) { [self] in note(.unknown) }, to: process.rawValue)
  }

  private func note(_ exit: ChildExit) {
    // What it said last was sent before it ended.
    if let beginning = state.withLock({ $0.beginning.take() }) {
      DescriptorMonitor.shared.remove(beginning, from: controlSocket.rawValue)
    }
    hear()
    stopWaiting()
    control.close()
    let process = state.withLock { state in
      state.exit = exit
      defer { state.process = nil }
      guard !state.hasBegun, state.failure == nil else { return state.process }
      // What becomes a child says so first.
      let endedByItself = if case .exited = exit { true } else { false }
      if endedByItself || state.isOverdue { state.failure = ProcessError.noChild(executable: executable) }
      return state.process
    }
    // Closed here, and not under the lock.
    withExtendedLifetime(process) {}
    LiveChildren.remove(self)
    // What it held of shared objects is given back before anybody learns of its end.
    SharedObjects.sweep(processID: processID)
    hasEnded.set()
  }

  /// It has not become a child, and will not.
  private func giveUp() {
    state.withLock { $0.isOverdue = true }
    kill()
  }

  /// It has become a child, or has ended.
  private func stopWaiting() { state.withLock { $0.impatience.take() }?.cancel() }

  /// How it ended; `nil` when the fork server can not tell any more.
  private func takeExit() -> ChildExit? {
    var code: Int32 = 0
    switch origin {
    case .own:
      guard let process else { return .unknown }
      return skein_reap_process(process.rawValue, &code) == 1 ? ChildExit(code: code) : .unknown
    case .served(let line, _):
      var (count, received) = (0, [Int32](repeating: -1, count: Int(SKEIN_MAX_DESCRIPTORS)))
      let size = skein_receive(line.rawValue, &code, MemoryLayout<Int32>.size, &received, &count)
      return size == MemoryLayout<Int32>.size ? ChildExit(code: code) : nil
    }
  }

  /// How it ended; `nil` while it lives.
  public var exit: ChildExit? { state.withLock { $0.exit } }

  /// The code with which it ended, negative for a signal, as CPython has it; `nil` while it lives, and when nobody knows.
  public var exitCode: Int32? { exit?.code }

  /// What went wrong in it, once it has ended: a ``RemoteError`` for what its function threw, or
  /// ``ProcessError/refused(reason:)``; `nil` when it has ended in another way.
  public var failure: (any Error)? { state.withLock { $0.exit == nil ? nil : $0.failure } }

  /// Whether it has not ended yet.
  public var isAlive: Bool { exit == nil }

  /// Asks it to end, with SIGTERM. One that has ended is let alone.
  public func terminate() { signal(SIGTERM) }

  /// Ends it, with SIGKILL. One that has ended is let alone.
  public func kill() { signal(SIGKILL) }

  /// Sends it a signal. One that has ended is let alone: the signal never gets to another process with its id.
  public func signal(_ number: Int32) {
    if let process { _ = skein_signal_process(process.rawValue, number) }
  }

  /// Makes sure that the system keeps nothing for it any more: its descriptors were closed when it ended.
  ///
  /// - Throws: ``ProcessError/stillAlive(name:)`` when it has not ended.
  public func close() throws(ProcessError) {
    if isAlive { throw .stillAlive(name: name) }
  }
}
