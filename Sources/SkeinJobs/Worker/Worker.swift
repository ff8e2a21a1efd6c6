public import Logging
public import ServiceLifecycle
internal import SkeinFutures
internal import SkeinSync

/// Runs the jobs of a queue, several at once, until it is told to stop.
///
/// ```swift
/// let worker = try Worker(store: queue.store, registry: JobRegistry([Resize.self]))
/// try await worker.run()
/// ```
///
/// A job is taken under a lease with a fencing token. As long as the worker's process lives, nobody else runs its jobs;
/// when it dies, other workers take them up again within moments. Jobs whose name or payload version the registry does
/// not know stay where they are, and are reported in the log.
///
/// When a worker is killed, up to ``WorkerOptions/unackedLimit`` jobs whose end was not on disk yet run again, besides
/// those that were running.
public final class Worker: Service {
  private let queue: any JobStore
  private let registry: JobRegistry
  private let options: WorkerOptions
  private let logger: Logger
  private let core = Lock<WorkerCore?>(nil, name: "worker core")
  private let stopRequest = Lock(WorkerCore.Phase.working, name: "stop request")

  /// Creates a worker; ``run()`` starts it.
  ///
  /// - Throws: ``JobQueueError`` with code `invalidInput` when an option is not acceptable.
  public init(
    store: any JobStore, registry: JobRegistry, options: WorkerOptions = WorkerOptions(),
    logger: Logger = Logger(label: "skein.worker")
  ) throws {
    try options.validate()
    queue = store
    self.registry = registry
    self.options = options
    self.logger = logger
  }

  /// Works until the surrounding service group shuts down gracefully, the task is cancelled, or ``stop(_:)`` is called.
  ///
  /// - Throws: ``JobQueueError`` when the store can not be joined, or when this worker was taken for dead or evicted.
  /// - Cancellation: what runs is given back at once.
  public func run() async throws {
    let core = try await WorkerCore.joining(queue, registry: registry, options: options, logger: logger)
    let membership = core.membership
    self.core.withLock { $0 = core }
    core.stop(stopRequest.withLock { $0 })
    logger.info(
      "worker has joined", metadata: ["worker": "\(membership.id)", "concurrency": "\(options.concurrency)"])
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        await work(core)
      } onGracefulShutdown: {
        core.stop(.finishing)
      }
    } onCancel: {
      core.stop(.leaving)
    }
    // Leaving must succeed although the task may be cancelled: the store does not look at cancellation.
    try? await membership.leave()
    logger.info("worker has left", metadata: ["worker": "\(membership.id)"])
    if let failure = core.state.withLock({ $0.failure }) { throw failure }
  }

  /// How a worker stops.
  public enum Stop: Sendable {
    /// It takes no more jobs and finishes those that run.
    case finishRunning
    /// It also gives back those that run.
    case handBack
  }

  /// Tells the worker to stop; ``run()`` returns when it has. Asking again for less changes nothing.
  public func stop(_ stop: Stop = .finishRunning) {
    let phase: WorkerCore.Phase = stop == .finishRunning ? .finishing : .leaving
    stopRequest.withLock { $0 = max($0, phase) }
    core.withLock { $0 }?.stop(phase)
  }

  private func work(_ core: WorkerCore) async {
    let work = SignalHub(queue.signals.work).listen { core.bell.set() }
    defer { work.cancel() }
    let keepers = Keepers(core: core)
    let keeping = Task { await keepers.run() }
    await withDiscardingTaskGroup { group in
      for place in 0..<options.concurrency {
        group.addTask { await Executor(core: core, place: place).run() }
      }
      await Claimer(core: core).run()
      core.buffer.close()
    }
    // Nothing runs any more; the ends of what ran are on their way to the disk.
    await core.unacked.acquireShielded(options.unackedLimit)
    keeping.cancel()
    await keeping.value
    // Code that was left to itself goes on there, and the threads end after it.
    await core.blockingThreads?.shutdown(wait: false)
  }
}
