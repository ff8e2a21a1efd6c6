internal import FoundationEssentials
internal import SkeinFutures
internal import SkeinSync

/// A task that was handed in and has no result yet.
struct DispatchedTask: Sendable {
  let function: String
  let call: Data
  let isIdempotent: Bool
  /// How often it was given to a worker that has died with it.
  var deaths = 0
  /// Tells its future that it begins; false when that was cancelled.
  let begin: @Sendable () -> Bool
  let cancel: @Sendable () -> Void
  let complete: @Sendable (Result<Data, any Error>) -> Void
}

/// The workers of a dispatcher, and the one thread that gives them tasks and takes their answers.
///
/// Everything that happens comes to that thread by the queue of answers, or is looked for when something came by it; what
/// else may happen, a submission or a death, puts a message there that only wakes.
final class DispatchCore: Sendable {
  struct Options: Sendable {
    var name: String
    var capacity: Int
    var byteCapacity: Int
    var attempts: Int
    var method: StartMethod
    var program: ChildProgram?
    var place: SourcePlace
  }

  private struct State: Sendable {
    var plan: DispatchPlan
    var tasks: [DispatchPlan.Number: DispatchedTask] = [:]
    var lastNumber: DispatchPlan.Number = 0
    /// Whether the thread sleeps, or is about to, and has to be woken.
    var isAsleep = false
    /// Whether something has happened that it has not looked at.
    var hasNews = false
    var isClosed = false
    var fault: (any Error)?
    var processIDs: [Int32] = []
    var deathCount = 0
    /// Which workers have said anything.
    var begun: Set<Int> = []
    /// How many have died that had not, since one last did.
    var stillbirthCount = 0
  }

  /// How many may, before nothing is tried any more.
  private static let stillbirthLimit = 3

  let options: Options
  private let workerCount: Int
  /// One for each task that has no result.
  let room: Semaphore
  let hasEnded: Event
  private let reports: SharedQueue<Data>
  private let state: Lock<State>

  init(workers: Int, options: Options) throws {
    self.options = options
    workerCount = workers
    room = Semaphore(permits: options.capacity, name: options.name)
    hasEnded = Event(name: "end of \(options.name)", file: options.place.file, line: options.place.line)
    reports = try SharedQueue(
      capacity: 2 * workers * DispatchPlan.deepest, byteCapacity: options.byteCapacity)
    state = Lock(
      State(plan: DispatchPlan(workers: workers)), internalTo: "TaskDispatcher")
    let first = try Self.startWorkers(workers, reports, options)
    for line in first { watch(line) }
    state.withLock { $0.processIDs = first.map(\.child.processID) }
    startDetachedThread(name: "skein-dispatch") { [self] in run(first) }
  }

  /// All of them, or none.
  private static func startWorkers(
    _ count: Int, _ reports: SharedQueue<Data>, _ options: Options
  ) throws -> [DispatchLine] {
    var lines: [DispatchLine] = []
    do {
      for index in 0..<count { lines.append(try DispatchLine(index, reports: reports, options)) }
      return lines
    } catch {
      for line in lines { line.child.kill() }
      throw error
    }
  }

  var processIDs: [Int32] { state.withLock { $0.processIDs } }
  var deathCount: Int { state.withLock { $0.deathCount } }

  // MARK: From outside

  /// Takes a task, for which there is room.
  ///
  /// - Throws: `PoolError.shutDown`, or why nothing is done any more; the room is free again then.
  func add(_ task: DispatchedTask) throws {
    let refusal: (any Error)? = state.withLock { state in
      if let fault = state.fault { return fault }
      if state.isClosed { return PoolError.shutDown(pool: options.name) }
      state.lastNumber += 1
      state.tasks[state.lastNumber] = task
      state.plan.add(state.lastNumber)
      return nil
    }
    if let refusal {
      room.release()
      throw refusal
    }
    wake()
  }

  /// Takes nothing any more; the thread ends when everything is done.
  func close(cancelPending: Bool) {
    let cancelled = state.withLock { state -> [DispatchedTask] in
      state.isClosed = true
      guard cancelPending else { return [] }
      return state.plan.takeWaiting().compactMap { state.tasks.removeValue(forKey: $0) }
    }
    for task in cancelled {
      room.release()
      task.cancel()
    }
    wake()
  }

  private func wake() {
    let isAsleep = state.withLock { state in
      state.hasNews = true
      defer { state.isAsleep = false }
      return state.isAsleep
    }
    // When there is no room for it, there is something else to wake by.
    if isAsleep { _ = try? reports.tryPut(DispatchMessage.wake) }
  }

  /// Has the thread look at a worker's end, when that comes.
  private func watch(_ line: DispatchLine) {
    Task { [child = line.child, weak self] in
      _ = try? await child.join()
      self?.wake()
    }
  }

  // MARK: The thread

  @available(*, noasync)
  private func run(_ first: [DispatchLine]) {
    var lines = first
    while let isBusy = nextTurn() {
      if !isBusy {
        // It fails when a worker has damaged what all share.
        do { receive(try reports.get()) } catch { fail(with: error) }
      }
      receiveAll()
      for index in lines.indices where !lines[index].child.isAlive { replace(&lines[index]) }
      give(to: lines)
    }
    let isBroken = state.withLock { $0.fault != nil }
    for line in lines {
      if isBroken { line.child.kill() }
      line.tasks.close()
    }
    for line in lines { _ = try? line.child.join() }
    hasEnded.set()
  }

  /// Whether there is something to do at once; `nil` when all is done.
  private func nextTurn() -> Bool? {
    state.withLock { state in
      if state.fault != nil || state.isClosed && state.tasks.isEmpty { return nil }
      state.isAsleep = !state.hasNews && !state.plan.canGive
      state.hasNews = false
      return !state.isAsleep
    }
  }

  private func receiveAll() { while let report = try? reports.tryGet() { receive(report) } }

  private func receive(_ report: Data) {
    // What only wakes is no message; and whoever runs wild may have written anything.
    guard let message = try? DispatchMessage(bytes: report), (0..<workerCount).contains(message.worker) else {
      return
    }
    let task = state.withLock { state -> DispatchedTask? in
      state.isAsleep = false
      // Who begins shows that workers can.
      if state.begun.insert(message.worker).inserted { state.stillbirthCount = 0 }
      guard let task = state.tasks.removeValue(forKey: message.number) else { return nil }
      state.plan.finish(message.number, of: message.worker, after: message.nanoseconds)
      return task
    }
    finish(task, .success(message.body))
  }

  private func finish(_ task: DispatchedTask?, _ result: Result<Data, any Error>) {
    guard let task else { return }
    room.release()
    task.complete(result)
  }

  private func give(to lines: [DispatchLine]) {
    while let (worker, number) = state.withLock({ $0.plan.next() }) {
      let task = state.withLock { $0.tasks[number]! }
      guard task.begin() else {
        state.withLock { state in
          state.plan.drop(number, of: worker)
          state.tasks[number] = nil
        }
        room.release()
        continue
      }
      let message = DispatchMessage(number: number, worker: worker, body: task.call)
      // What never fits was refused when it was handed in.
      if (try? lines[worker].tasks.tryPut(message.bytes)) != true {
        state.withLock { $0.plan.putBack(number, of: worker) }
      }
    }
  }

  // MARK: Deaths

  /// Sees to the tasks of a worker that has died, and starts another in its place.
  @available(*, noasync)
  private func replace(_ line: inout DispatchLine) {
    // What it answered before it died counts.
    receiveAll()
    let (index, untouched) = (line.index, line.untouchedCount())
    let (begun, isHopeless) = state.withLock { state in
      state.deathCount += 1
      if state.begun.remove(index) == nil { state.stillbirthCount += 1 }
      return (
        state.plan.died(index, untouchedCount: untouched), state.stillbirthCount >= Self.stillbirthLimit
      )
    }
    for number in begun { settle(number, line) }
    if isHopeless { return fail(with: line.end(of: DispatchWorker.name, attempts: 1)) }
    do {
      line = try DispatchLine(index, reports: reports, options)
      watch(line)
      state.withLock { [id = line.child.processID] in $0.processIDs[index] = id }
    } catch {
      fail(with: error)
    }
  }

  /// Decides what becomes of a task whose worker has died with it.
  @available(*, noasync)
  private func settle(_ number: DispatchPlan.Number, _ line: DispatchLine) {
    let task = state.withLock { state -> DispatchedTask? in
      guard var task = state.tasks[number] else { return nil }
      task.deaths += 1
      guard task.isIdempotent, task.deaths < options.attempts else {
        state.tasks[number] = nil
        return task
      }
      state.tasks[number] = task
      state.plan.retry(number)
      return nil
    }
    guard let task else { return }
    finish(task, .failure(line.end(of: task.function, attempts: task.deaths)))
  }

  /// Does nothing any more: all that is handed in, or comes, fails.
  private func fail(with error: any Error) {
    let tasks = state.withLock { state in
      state.fault = error
      state.plan.removeAll()
      defer { state.tasks = [:] }
      return state.tasks.values
    }
    for task in tasks { finish(task, .failure(error)) }
  }
}

/// A worker, and the line in which its tasks stand.
private struct DispatchLine: Sendable {
  let index: Int
  let child: ChildProcess
  let tasks: SharedQueue<Data>
  private let output: OutputTail

  init(_ index: Int, reports: SharedQueue<Data>, _ options: DispatchCore.Options) throws {
    self.index = index
    tasks = try SharedQueue(capacity: DispatchPlan.deepest, byteCapacity: options.byteCapacity)
    let (output, errors) = try OutputTail.make(passesOn: true)
    self.output = output
    child = try ChildProcess.start(
      DispatchWorker(index: index, tasks: tasks, reports: reports), name: "\(options.name)-\(index + 1)",
      isDaemon: true, method: options.method, program: options.program, errors: errors, at: options.place)
  }

  /// How many tasks its worker, which has died, left where they stood.
  func untouchedCount() -> Int {
    var count = 0
    while (try? tasks.tryGet()) != nil { count += 1 }
    return count
  }

  /// How its worker, which has died, came to its end.
  @available(*, noasync)
  func end(of function: String, attempts: Int) -> any Error {
    if let failure = child.failure { return failure }
    output.waitForEnd()
    return ProcessCrashed(
      function: function, exit: child.exit ?? .unknown, lastOutput: output.text, attempts: attempts)
  }
}
