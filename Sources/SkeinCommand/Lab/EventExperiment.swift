internal import SkeinSync

/// Two signals in the life of a service.
struct EventExperiment: Experiment {
  let name = "event"
  let section = "16.2.2"
  let title = "ServiceManager: a worker waits until the service is ready, and ends when told to"
  let lesson = """
    An event lets everybody go on once it is set, whoever comes before or after. A timed wait is a pause that \
    ends early: the worker leaves the moment that it is told to, not half a second later as in the chapter.
    """
  let uses = ["Event.wait", "Event.wait(timeout:)", "Event.set", "Event.isSet"]

  /// The chapter's manager.
  private final class ServiceManager: Sendable {
    let ready = Event(name: "ready")
    let shutdown = Event(name: "shutdown")
  }

  private static let pause = Duration.milliseconds(10)

  func run(_ notes: LabNotes) async throws {
    let manager = ServiceManager()
    let story = Lock<[String]>([], name: "story")
    let pieces = Latch(count: 3, name: "pieces of work")
    let tell: @Sendable (String, String) -> Void = { who, what in
      notes.step(who, what)
      story.withLock { if $0.last != what { $0.append(what) } }
    }
    try await runThreads([
      LabThread("Worker") {
        tell("Worker", "waits until the service is ready")
        try manager.ready.wait()
        tell("Worker", "begins to work")
        while !Self.isTold(manager.shutdown) {
          tell("Worker", "works")
          if !pieces.isOpen { pieces.countDown() }
        }
        tell("Worker", "is told to shut down, and leaves")
      },
      LabThread("Initializer") {
        Self.askTooEarly(manager, notes)
        waitUntil { manager.ready.waiterCount == 1 }
        tell("Initializer", "marks the service ready")
        manager.ready.set()
        try pieces.wait()
        tell("Initializer", "requests the shutdown")
        manager.shutdown.set()
      },
    ])
    let expected = [
      "waits until the service is ready", "marks the service ready", "begins to work", "works",
      "requests the shutdown", "is told to shut down, and leaves",
    ]
    // Work may go on while the shutdown is being requested.
    var told = story.withLock { $0 }
    if let request = told.firstIndex(of: expected[4]) { told[(request + 1)...].removeAll { $0 == "works" } }
    notes.check("the order of things", is: expected, observed: told)
    try await runThreads([
      LabThread("Latecomer") {
        let ending = LabText.ending { try manager.ready.wait(timeout: .zero) }
        notes.check("a wait of no time, once it is ready", is: "no error", observed: ending)
      }
    ])
  }

  private static func isTold(_ shutdown: Event) -> Bool {
    (try? shutdown.wait(timeout: pause)) != nil
  }

  private static func askTooEarly(_ manager: ServiceManager, _ notes: LabNotes) {
    let answer = LabText.ending { try manager.ready.wait(timeout: pause) }
    notes.step("Initializer", "a wait of 10 ms for what is not ready ends: \(answer)")
    notes.check("a timed wait, too early", is: "\(WaitError.timedOut)", observed: answer)
  }
}
