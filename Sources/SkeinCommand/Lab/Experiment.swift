/// An example of the chapter as an experiment: it runs, notes what happens, and checks its own outcome.
protocol Experiment: Sendable {
  /// What `skein lab` calls it.
  var name: String { get }
  /// The chapter's section.
  var section: String { get }
  /// What happens, in a line.
  var title: String { get }
  /// What its outcome shows.
  var lesson: String { get }
  /// The API that it is about.
  var uses: [String] { get }

  /// Runs it, within about two seconds.
  ///
  /// - Parameter notes: take what happens, what is expected and what is observed.
  /// - Throws: what kept it from coming to an end; that counts as an outcome which is not the expected one.
  func run(_ notes: LabNotes) async throws
}

/// The experiments there are.
enum Experiments {
  /// All of them, in the chapter's order.
  static let all: [any Experiment] = [
    ConcurrencyExperiment(), ScalingExperiment(), LifecycleExperiment(), DaemonExperiment(),
    RaceExperiment(), LockExperiment(), RecursiveLockExperiment(), SemaphoreExperiment(), EventExperiment(),
    ConditionExperiment(), BarrierExperiment(), QueueExperiment(), WorkerPoolExperiment(),
    PriorityExperiment(), ThreadLocalExperiment(), ThreadPoolExperiment(), FutureChainExperiment(),
    ProcessExperiment(), IsolationExperiment(), StartMethodsExperiment(), IPCQueueExperiment(),
    PipeExperiment(), SharedMemoryExperiment(), ManagerExperiment(), ProcessPoolExperiment(),
    InitializerExperiment(), EchoExperiment(), WebServerExperiment(), DeadlockExperiment(),
    PoolSizeExperiment(),
    DictionaryExperiment(),
    DispatchExperiment(),
  ]

  /// The one with a name.
  static func named(_ name: String) -> (any Experiment)? { all.first { $0.name == name.lowercased() } }

  /// Names them for people, with a section and a line each.
  static var table: Table {
    var table = Table(columns: [
      .init(title: "NAME"), .init(title: "SECTION", minimum: 7, rank: 1), .init(title: "WHAT", minimum: 20),
    ])
    table.rows = all.map { [.init($0.name), .init($0.section), .init($0.title)] }
    return table
  }
}
