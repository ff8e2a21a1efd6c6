internal import SkeinProcesses

/// The three ways in which a process comes to be.
struct StartMethodsExperiment: Experiment {
  let name = "start-methods"
  let section = "16.3.1"
  let title = "Three ways to start a process: executed anew, by a fork server, and by a fork of this one"
  let lesson = """
    An execution is safe and takes longest; a fork copies whatever the other threads held, so that it is refused once \
    they are at work; a server that was executed once and has done nothing since can fork at any time.
    """
  let uses = ["StartMethod", "ChildProcess.start(method:)"]

  func run(_ notes: LabNotes) async throws {
    notes.check(
      "the methods of this system", is: ["spawn", "forkServer", "fork"],
      observed: StartMethod.available.map(\.rawValue))
    notes.step(nil, "who names none gets \(StartMethod.standard)")
    for method in [StartMethod.spawn, .forkServer] {
      let (mine, theirs) = try Connection.makePair()
      let begin = ContinuousClock.now
      let child = try ChildProcess.start(ShowProcess(connection: theirs), method: method)
      theirs.close()
      let info = try await mine.receive(ShowProcess.Info.self)
      notes.step("\(method)", "answered after \(Int(begin.duration(to: .now) / .milliseconds(1))) ms")
      try await child.join()
      notes.check("how the child says that it was started", is: "\(method)", observed: info.method)
    }
    var refusal = "none"
    do {
      let (_, theirs) = try Connection.makePair()
      _ = try ChildProcess.start(ShowProcess(connection: theirs), method: .fork)
    } catch ProcessError.lateFork(let threads) {
      refusal = "late"
      notes.step("fork", "refused: \(threads) threads are at work")
    }
    notes.check("a fork of this process, whose threads are at work", is: "late", observed: refusal)
  }
}
