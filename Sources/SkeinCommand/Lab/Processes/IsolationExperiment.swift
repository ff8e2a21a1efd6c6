internal import Glibc
internal import SkeinProcesses
internal import SkeinSync

/// What a process does to its memory, and to itself.
struct IsolationExperiment: Experiment {
  let name = "isolation"
  let section = "16.3.1"
  let title = "A child changes a global variable, and another one traps: this process notices neither"
  let lesson = """
    No race without shared memory; and where a Swift trap ends every thread of its process, a process contains it: the \
    crash is an error that can be caught, with what was written last.
    """
  let uses = ["runInProcess", "ProcessCrashed"]

  func run(_ notes: LabNotes) async throws {
    labGlobal.withLock { $0 = 0 }
    let there = try await runInProcess(ModifyGlobal())
    let here = labGlobal.withLock { $0 }
    notes.step("child", "the variable is \(there)")
    notes.step(nil, "the variable is \(here)")
    notes.check("the variable in the child", is: 100, observed: there)
    notes.check("the variable here", is: 0, observed: here)
    // What a trap prints is enough: a backtrace takes seconds.
    var program = try ChildProgram.current
    program.environment["SWIFT_BACKTRACE"] = "enable=no"
    do {
      let value = try await runInProcess(
        LabTrap(index: 7), passesOutputOn: false, method: .spawn, program: program)
      notes.fail("an index beyond the end gave \(value)")
    } catch let crash as ProcessCrashed {
      let line = crash.lastOutput.split(separator: "\n").first ?? ""
      notes.step("child", "\(crash.exit): \(line)")
      let isTrap = crash.signal == SIGILL || crash.signal == SIGTRAP
      notes.check("whether a trap's signal ended it", is: true, observed: isTrap)
      notes.check(
        "whether its last words say why", is: true, observed: crash.lastOutput.contains("out of range"))
    }
    notes.check("what this process can do yet", is: 100, observed: try await runInProcess(ModifyGlobal()))
  }
}
