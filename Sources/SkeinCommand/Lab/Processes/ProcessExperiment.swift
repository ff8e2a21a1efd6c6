internal import Glibc
internal import SkeinProcesses

/// A child process: who it is, and how it ends.
struct ProcessExperiment: Experiment {
  let name = "process"
  let section = "16.3.1"
  let title = "A child process: its name, its id, its parent's id, and the code with which it ends"
  let lesson = """
    A process is started with a function that has a name, since a closure can not go anywhere: what it needs is in the \
    function's properties, a connection to answer on among them.
    """
  let uses = ["ChildProcess.start", "ChildProcess.join", "CurrentProcess.current", "Connection.makePair"]

  func run(_ notes: LabNotes) async throws {
    let parent = CurrentProcess.current
    notes.step(nil, "this process is “\(parent.name)”, with the id \(parent.processID)")
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(ShowProcess(connection: theirs), name: "ChildProcess")
    theirs.close()
    notes.check("whether it lives", is: true, observed: child.isAlive)
    let info = try await mine.receive(ShowProcess.Info.self)
    notes.step(info.name, "has the id \(info.processID), and is a child of \(info.parentProcessID)")
    let exit = try await child.join()
    notes.step(nil, "it \(exit)")
    notes.check("the child's name, as it has it", is: "ChildProcess", observed: info.name)
    notes.check("its id there and here", is: child.processID, observed: info.processID)
    notes.check("its parent", is: parent.processID, observed: info.parentProcessID)
    notes.check("the code with which it ended", is: 0, observed: child.exitCode)
    notes.check("whether it lives now", is: false, observed: child.isAlive)
  }
}
