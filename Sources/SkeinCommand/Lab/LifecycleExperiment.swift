internal import CSkein
internal import SkeinSync
internal import SkeinThreads

/// A thread's life, from before its start to its end, with every state that it goes through.
struct LifecycleExperiment: Experiment {
  let name = "lifecycle"
  let section = "16.2.1"
  let title = "A thread with a name, its result, and its states: new, runnable, running, blocked, terminated"
  let lesson = """
    The states are no mere theory: the kernel tells them. A join gives what the body returned, which Python's \
    thread drops, and can end in time. What the chapter calls waiting for the interpreter's lock is, here, waiting \
    for a processor alone.
    """
  let uses = ["OSThread", "OSThread.join(timeout:)", "OSThread.state", "ThreadInfo.current"]

  private static let worker = "WorkerThread-1"

  func run(_ notes: LabNotes) async throws {
    let (mayBlock, mayEnd) = (Event(name: "may block"), Event(name: "may end"))
    let thread = OSThread(name: Self.worker, isDaemon: false) {
      notes.step(ThreadInfo.current.name, "Task A begins, and uses a processor")
      while !mayBlock.isSet { skein_spin_hint() }
      try mayEnd.wait()
      notes.step(ThreadInfo.current.name, "Task A is done")
      return "the result of Task A"
    }
    describe(thread, notes)
    // Whatever comes, the thread is not left waiting: the process would not end.
    defer {
      mayBlock.set()
      mayEnd.set()
    }
    var states = [thread.state]
    try thread.start()
    states += try await onThread(named: "Observer") { try Self.observe(thread, notes, mayBlock) }
    await joinInVain(thread, notes)
    mayEnd.set()
    let result = try await thread.join()
    states.append(thread.state)
    notes.step(nil, "it has ended, its id was \(thread.kernelID.map(String.init) ?? "none"): “\(result)”")
    notes.check(
      "its states, as they were observed", is: "new, running, runnable, blocked, terminated",
      observed: states.map(\.rawValue).joined(separator: ", "))
    notes.check("what join gives", is: "the result of Task A", observed: result)
    notes.check("what a second join gives", is: "the result of Task A", observed: try await thread.join())
  }

  private func describe(_ thread: OSThread<String>, _ notes: LabNotes) {
    let id = thread.kernelID.map(String.init) ?? "none"
    notes.step(
      nil, "name \(thread.name), daemon \(thread.isDaemon), id \(id), alive \(thread.isAlive)")
    notes.check(
      "before its start: name, daemon, id, alive", is: [Self.worker, "false", "none", "false"],
      observed: [thread.name, "\(thread.isDaemon)", id, "\(thread.isAlive)"])
  }

  /// What the thread's states are while it works, gets no processor, and waits.
  private static func observe(
    _ thread: OSThread<String>, _ notes: LabNotes, _ mayBlock: Event
  ) throws -> [ThreadState] {
    func see(_ state: ThreadState, _ what: String) -> [ThreadState] {
      guard waitUntil({ thread.state == state }) else { return [] }
      notes.step("Observer", "\(what): \(state.rawValue)")
      return [state]
    }
    var seen = see(.running, "it uses a processor")
    try whileBusy { seen += see(.runnable, "all processors are busy, and it has none at the moment") }
    mayBlock.set()
    return seen + see(.blocked, "it waits for an event")
  }

  /// Runs `body` while as many other threads as there are processors have something to do.
  private static func whileBusy(_ body: () -> Void) throws {
    let isOver = Event(name: "no longer busy")
    try withThreads { scope in
      defer { isOver.set() }
      for index in 0..<max(1, Int(skein_allowed_processors())) {
        try scope.start(name: "Busy-\(index)") { while !isOver.isSet { skein_spin_hint() } }
      }
      body()
    }
  }

  private func joinInVain(_ thread: OSThread<String>, _ notes: LabNotes) async {
    var outcome = "its end"
    do { try await thread.join(timeout: .milliseconds(50)) } catch { outcome = "\(error)" }
    notes.step(nil, "join(timeout:) of 50 ms: \(outcome), alive \(thread.isAlive)")
    notes.check(
      "join(timeout:) while it waits, and whether it lives", is: ["\(WaitError.timedOut)", "true"],
      observed: [outcome, "\(thread.isAlive)"])
  }
}
