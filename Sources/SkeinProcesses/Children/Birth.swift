internal import SkeinSync

/// The beginning of a child, by any method.
struct Birth {
  struct Born {
    let processID: Int32
    /// Becomes readable when the process ends.
    let process: OwnedDescriptor
    let origin: Origin
  }

  enum Origin: Sendable {
    /// A child of this very process.
    case own
    /// A child of the fork server, which tells on the line how it ended.
    case served(line: OwnedDescriptor, ForkServer)
  }

  let method: StartMethod
  let program: ChildProgram
  /// The child's end of its line to this process; it is the child's alone once this is let go of.
  let control: OwnedDescriptor
  let errors: OwnedDescriptor?

  func perform() throws(ProcessError) -> Born {
    switch method {
    case .spawn:
      let child = try Spawning(
        program: program, role: .child, control: control, errors: errors
      ).start()
      return Born(processID: child.processID, process: child.descriptor, origin: .own)
    case .forkServer:
      let child = try ForkServer.fork(program, control: control, errors: errors)
      return Born(
        processID: child.processID, process: child.process, origin: .served(line: child.line, child.server))
    case .fork:
      let child = try Forking.start(control: control, errors: errors, functions: program.functions)
      return Born(processID: child.processID, process: child.descriptor, origin: .own)
    }
  }
}
