internal import SkeinFutures
internal import SkeinSync

/// The processes of a pool: who needs one borrows it, and gives it back if it is of any use yet.
///
/// - Invariant: no more than `size` are lent at once, each to one borrower.
final class ProcessStock: Sendable {
  private struct Idle: Sendable {
    let process: PoolProcess
    let since: MonotonicClock.Instant
  }

  private struct State: Sendable {
    /// Those that nobody uses, the one that was used last at the end.
    var idle: [Idle] = []
    /// All of them.
    var all: [PoolProcess] = []
    var lastNumber = 0
    var isClosed = false
    /// Why the pool does nothing any more.
    var fault: (any Error)?
  }

  private let name: String
  private let options: ProcessPool.Options
  private let place: SourcePlace
  private let leases: Semaphore
  private let state = Lock(State(), internalTo: "ProcessStock")

  init(name: String, size: Int, options: ProcessPool.Options, place: SourcePlace) {
    self.name = name
    self.options = options
    self.place = place
    leases = Semaphore(permits: size, name: name)
  }

  /// The ids of those that live.
  var processIDs: [Int32] { state.withLock { $0.all.filter(\.child.isAlive).map(\.child.processID) } }

  // MARK: Performing

  /// Has a process run a function, as often as the policy says; blocks the thread.
  @available(*, noasync)
  func perform<Function: RemoteFunction>(_ function: Function, at place: SourcePlace) throws
    -> Function.Output
  {
    try leases.acquire()
    defer { leases.release() }
    var attempt = 1
    while true {
      let process = try borrow() ?? makeProcess()
      do {
        if process.callsDone == 0, let initialiser = options.initialiser {
          try initialise(process, initialiser)
        }
        defer { giveBack(process) }
        return try process.call(function, limit: options.timeLimit, attempt: attempt, at: place)
      } catch let crash as ProcessCrashed {
        try settle(crash, isIdempotent: Function.isIdempotent, attempt)
        attempt += 1
      }
    }
  }

  @available(*, noasync)
  private func initialise(_ process: PoolProcess, _ initialiser: some RemoteFunction) throws {
    do {
      _ = try process.call(initialiser, limit: options.timeLimit, attempt: 1, at: place)
    } catch {
      giveBack(process)
      throw fail(with: error)
    }
  }

  /// Has a process run a function, as often as the policy says; suspends the task.
  func perform<Function: RemoteFunction>(_ function: Function) async throws -> Function.Output {
    try await leases.acquire()
    defer { leases.release() }
    var attempt = 1
    while true {
      let process = try borrow() ?? makeProcess()
      do {
        if process.callsDone == 0, let initialiser = options.initialiser {
          try await initialise(process, initialiser)
        }
        defer { giveBack(process) }
        return try await process.call(function, limit: options.timeLimit, attempt: attempt)
      } catch let crash as ProcessCrashed {
        try settle(crash, isIdempotent: Function.isIdempotent, attempt)
        attempt += 1
      }
    }
  }

  private func initialise(_ process: PoolProcess, _ initialiser: some RemoteFunction) async throws {
    do {
      _ = try await process.call(initialiser, limit: options.timeLimit, attempt: 1)
    } catch {
      giveBack(process)
      throw fail(with: error)
    }
  }

  /// Decides what follows a crash: nothing when the function is to be tried again.
  private func settle(_ crash: ProcessCrashed, isIdempotent: Bool, _ attempt: Int) throws {
    switch options.crashPolicy {
    case .failFast: throw fail(with: crash)
    case .restart(let attempts):
      if !isIdempotent || attempt >= attempts { throw crash }
    }
  }

  /// Nothing is done any more.
  private func fail(with error: any Error) -> PoolError {
    let fault = state.withLock { state -> any Error in
      let fault = state.fault ?? error
      state.fault = fault
      return fault
    }
    return .broken(pool: name, fault)
  }

  /// Why the pool does nothing any more; `nil` while it does.
  var fault: (any Error)? { state.withLock { $0.fault } }

  // MARK: Lending

  /// The one that was used last, which is the warmest; `nil` when none is idle.
  private func borrow() throws(PoolError) -> PoolProcess? {
    while true {
      let (found, fault) = state.withLock { state -> (PoolProcess?, (any Error)?) in
        let found = state.fault == nil ? state.idle.popLast()?.process : nil
        if let found, !found.isUsable { state.all.removeAll { $0 === found } }
        return (found, state.fault)
      }
      if let fault { throw .broken(pool: name, fault) }
      // One that has ended while nobody used it is let go of.
      if found?.isUsable ?? true { return found }
    }
  }

  private func makeProcess() throws -> PoolProcess {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    let process = try PoolProcess(
      name: "\(name)-\(number)", method: options.method, program: options.program,
      memoryLimit: options.memoryLimit,
      passesOutputOn: options.passesOutputOn, at: place)
    state.withLock { $0.all.append(process) }
    return process
  }

  private func giveBack(_ process: PoolProcess) {
    let now = MonotonicClock().now
    let isWorn = options.functionsPerProcess.map { process.callsDone >= callsAtStart + $0 } ?? false
    let (isKept, isSurplus) = state.withLock { state in
      guard process.isUsable, !isWorn, !state.isClosed, state.fault == nil else {
        state.all.removeAll { $0 === process }
        return (false, false)
      }
      state.idle.append(Idle(process: process, since: now))
      return (true, state.idle.count > options.warmProcesses ?? .max)
    }
    if !isKept { process.retire() }
    if isSurplus {
      MonotonicClock().schedule(at: now.advanced(by: options.keepAlive)) { [weak self] in self?.endSurplus() }
    }
  }

  /// The initialiser is a call as well.
  private var callsAtStart: Int { options.initialiser == nil ? 0 : 1 }

  /// Ends those that have been idle for long, but for the warm ones.
  private func endSurplus() {
    let now = MonotonicClock().now
    let ended = state.withLock { state in
      let surplus = max(0, state.idle.count - (options.warmProcesses ?? .max))
      let old = state.idle.prefix(surplus).prefix { $0.since.advanced(by: options.keepAlive) <= now }.map(
        \.process)
      state.idle.removeFirst(old.count)
      state.all.removeAll { process in old.contains { $0 === process } }
      return old
    }
    for process in ended { process.retire() }
  }

  // MARK: The end

  /// Ends those that are idle, and those that are not when they are given back.
  ///
  /// - Returns: all that live yet.
  @discardableResult
  func close() -> [ChildProcess] {
    let (idle, all) = state.withLock { state in
      state.isClosed = true
      defer {
        state.idle = []
        state.all = []
      }
      return (state.idle, state.all)
    }
    for entry in idle { entry.process.retire() }
    return all.map(\.child)
  }
}
