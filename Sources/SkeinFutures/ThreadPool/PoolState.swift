internal import DequeModule
internal import SkeinSync
internal import SkeinThreads

/// What becomes of work that is handed in: the deciding half of ``ThreadPool``.
///
/// | workers | idle | queue | decision |
/// |---|---|---|---|
/// | any | some | any | an idle worker takes it |
/// | fewer than core, or none | none | any | a new worker takes it |
/// | at least core | none | has room | it is queued |
/// | fewer than maximum | none | is full | a new worker takes it |
/// | maximum | none | is full | the policy decides |
struct PoolState: Sendable {
  typealias Point = WaitPoint<PoolState, PoolRequest>
  typealias Guarded = Point.Guarded

  enum Phase: Sendable {
    case open
    /// What was taken is done, then the workers leave.
    case draining
    /// The initialiser of a worker failed.
    case broken(any Error)
  }

  /// What becomes of a job.
  enum Decision: Sendable {
    /// It was given to a worker that waited, or queued.
    case taken
    /// A new worker is to take it; it is counted already.
    case needsWorker
    /// There is no room.
    case isFull
    case isRefused(Phase)
  }

  let core: Int
  let maximum: Int
  let capacity: Int
  var phase = Phase.open
  var queue = Deque<PoolTask>()
  /// Those that run or are about to.
  var workers = 0
  /// Those that wait for work.
  var idle = 0
  /// Jobs of the queue that were cancelled meanwhile, about.
  var cancelledInQueue = 0
  /// Workers that wait for work of this very pool.
  var blocked: [BlockedWorker] = []
  /// Submitters whose jobs a worker has taken while they waited for room; they are yet to be told.
  private var served: [Point.Place] = []
  var counts = ThreadPoolStatistics()

  init(core: Int, maximum: Int, capacity: Int) {
    self.core = core
    self.maximum = maximum
    self.capacity = capacity
  }

  var isOpen: Bool {
    if case .open = phase { true } else { false }
  }

  /// A worker that waits, and what for.
  struct BlockedWorker: Sendable {
    let id: ObjectIdentifier
    let future: AnyFuture
  }

  // MARK: Taking in

  /// Takes a job in, if that can be done without waiting.
  static func take(_ job: PoolTask, _ guarded: inout Guarded, _ wakes: inout WakeList) -> Decision {
    guard guarded.state.isOpen else { return .isRefused(guarded.state.phase) }
    if guarded.state.idle > 0, handOver(job, &guarded, &wakes) {
      guarded.state.counts.submitted += 1
      return .taken
    }
    let decision = guarded.state.place(job)
    if case .isFull = decision {} else { guarded.state.counts.submitted += 1 }
    return decision
  }

  private mutating func place(_ job: PoolTask) -> Decision {
    if workers < max(core, 1) { return addWorker() }
    if queue.count >= capacity, cancelledInQueue > 0 { dropCancelled() }
    if queue.count < capacity {
      queue.append(job)
      return .taken
    }
    return workers < maximum ? addWorker() : .isFull
  }

  private mutating func addWorker() -> Decision {
    workers += 1
    counts.mostWorkers = max(counts.mostWorkers, workers)
    return .needsWorker
  }

  mutating func dropCancelled() {
    queue.removeAll { $0.future.isDone }
    cancelledInQueue = 0
  }

  /// Gives a job to the worker that waits longest.
  private static func handOver(
    _ job: PoolTask, _ guarded: inout Guarded, _ wakes: inout WakeList
  ) -> Bool {
    guard let place = wakeWorker(&guarded, &wakes) else { return false }
    place.request.job = job
    return true
  }

  private static func wakeWorker(_ guarded: inout Guarded, _ wakes: inout WakeList) -> Point.Place? {
    while let place = guarded.queue.first(where: \.isForWork) {
      _ = guarded.queue.remove(place)
      guarded.state.idle -= 1
      guard place.waiter.claim(.granted) else { continue }
      wakes.append(place.waiter)
      return place
    }
    return nil
  }

  // MARK: Giving out

  /// The next job that is left to do.
  mutating func next() -> PoolTask? {
    guard let job = queue.popFirst() else { return nil }
    if cancelledInQueue > 0, job.future.isDone { cancelledInQueue -= 1 }
    return job
  }

  /// The next job that is left to do: of the queue, or, where that has no place at all, of a submitter that waits.
  static func takeNext(_ guarded: inout Guarded) -> PoolTask? {
    if let job = guarded.state.next() { return job }
    guard guarded.state.isOpen, let place = guarded.queue.first(where: \.isForRoom) else { return nil }
    _ = guarded.queue.remove(place)
    guarded.state.served.append(place)
    guarded.state.counts.submitted += 1
    return place.request.job
  }

  /// Grants a worker that asks a job, or its leave; else it waits.
  static func admitWork(_ guarded: inout Guarded, _ request: inout PoolRequest) -> Bool {
    request.job = takeNext(&guarded)
    if request.job != nil || !guarded.state.isOpen { return true }
    guarded.state.idle += 1
    return false
  }

  /// Lets a job in that found no room a moment ago; else its submitter waits.
  static func admitRoom(_ guarded: inout Guarded, _ request: inout PoolRequest) -> Bool {
    guard guarded.state.isOpen else {
      request.isRefused = true
      return true
    }
    // A worker that became idle meanwhile is given the job by the settling that follows.
    let hasRoom = guarded.state.queue.count < guarded.state.capacity || guarded.state.idle > 0
    guard hasRoom, guarded.queue.first(where: \.isForRoom) == nil else { return false }
    guarded.state.queue.append(request.job!)
    guarded.state.counts.submitted += 1
    return true
  }

  /// A worker has waited for as long as it may: whether it is to leave. Then it is counted off.
  mutating func endsIdleWait() -> Bool {
    idle -= 1
    guard queue.isEmpty, workers > core else { return false }
    workers -= 1
    return true
  }

  /// Takes out everything that has not begun.
  mutating func takeQueue() -> Deque<PoolTask> {
    defer {
      queue = []
      cancelledInQueue = 0
    }
    return queue
  }

  /// Lets those in who wait for room, gives those work who wait for it, and lets them go when none can come.
  static func settle(_ guarded: inout Guarded, _ wakes: inout WakeList) {
    for place in guarded.state.served where place.waiter.claim(.granted) { wakes.append(place.waiter) }
    guarded.state.served.removeAll()
    guard !guarded.queue.isEmpty else { return }
    while guarded.state.isOpen, guarded.state.queue.count < guarded.state.capacity,
      let place = guarded.queue.first(where: \.isForRoom)
    {
      _ = guarded.queue.remove(place)
      guard place.waiter.claim(.granted) else { continue }
      guarded.state.queue.append(place.request.job!)
      guarded.state.counts.submitted += 1
      wakes.append(place.waiter)
    }
    while !guarded.state.queue.isEmpty, let place = wakeWorker(&guarded, &wakes) {
      place.request.job = guarded.state.next()
    }
    guard !guarded.state.isOpen else { return }
    guarded.queue.claimAll(as: .closed, where: \.isForRoom, &wakes)
    if guarded.state.queue.isEmpty { while wakeWorker(&guarded, &wakes) != nil {} }
    if guarded.state.workers == 0 { guarded.queue.claimAll(as: .granted, where: \.isForEnd, &wakes) }
  }

  // MARK: Workers that wait for their own pool

  /// A worker waits for its own pool: whether another one is to be started in its stead. Then it is counted.
  mutating func makesRoom() -> Bool {
    guard !queue.isEmpty, idle == 0, workers < maximum else { return false }
    workers += 1
    counts.mostWorkers = max(counts.mostWorkers, workers)
    return true
  }

  /// Whether every worker waits for what only a worker could bring about.
  ///
  /// Asked of the futures now: what is made of several steps may have gone on to another pool meanwhile.
  func starves(in pool: UInt32) -> Bool {
    blocked.count >= workers && blocked.allSatisfy { !$0.future.isDone && $0.future.poolID == pool }
  }
}

/// What somebody waits for at a pool.
struct PoolRequest: Sendable {
  /// What a worker gets, or what a submitter has.
  var job: PoolTask?
  let purpose: Purpose
  /// The pool was shut down before the submitter had come to wait.
  var isRefused = false

  enum Purpose: String, Sendable {
    case work = "for work"
    case room = "for room in the queue"
    case end = "for the end of the workers"
  }

  var isForWork: Bool { purpose == .work }
  var isForRoom: Bool { purpose == .room }
  var isForEnd: Bool { purpose == .end }

  static var work: PoolRequest { PoolRequest(job: nil, purpose: .work) }
  static func room(for job: PoolTask) -> PoolRequest { PoolRequest(job: job, purpose: .room) }
  static var end: PoolRequest { PoolRequest(job: nil, purpose: .end) }
}
