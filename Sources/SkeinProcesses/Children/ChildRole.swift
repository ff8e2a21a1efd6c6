internal import CSkein
internal import FoundationEssentials
internal import Glibc
internal import SkeinSync

/// What a process does that was started as a child: one function, and then it ends.
struct ChildRole {
  /// The exit code of a child whose function threw.
  static let failureCode: Int32 = 1
  /// The exit code of a child that does not do what it was to do.
  static let refusalCode: Int32 = 78
  /// The exit code of a child whose parent has gone.
  static let orphanCode: Int32 = 129

  private let control: Connection
  private let socket: OwnedDescriptor
  private let functions: FunctionRegistry
  /// Whether it has a copy of its parent's memory: what the parent wants done at its own end is none of its business.
  private let isForked: Bool

  init(control socket: OwnedDescriptor, _ functions: FunctionRegistry, isForked: Bool = false) {
    self.isForked = isForked
    self.socket = socket
    control = Connection(socket, name: "parent")
    self.functions = functions
  }

  @available(*, noasync)
  func perform() -> Never {
    do {
      let frame = try control.nextFrame(until: nil, at: SourcePlace())
      let files = DescriptorTransfer(received: frame.descriptors)
      perform(try files.decode(ChildStart.self, from: frame.bytes), files)
    } catch ConnectionError.ended {
      // The parent had second thoughts, or has ended.
      end(Self.orphanCode)
    } catch {
      refuse("it does not understand its parent: \(error)")
    }
  }

  @available(*, noasync)
  private func perform(_ start: ChildStart, _ files: DescriptorTransfer) -> Never {
    if let reason = objection(to: start) { refuse(reason) }
    CurrentProcess.become(start)
    skein_set_thread_name(start.name)
    watchParent()
    report(.began)
    do {
      let function = try files.decode(functions[start.function]!, from: start.input)
      files.finish()
      _ = try function.run()
      report(.finished)
      end(0)
    } catch {
      let text = "skein: process “\(start.name)” (\(getpid())): \(error)\n"
      _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
      report(.failed(RemoteError(error)))
      end(Self.failureCode)
    }
  }

  private func objection(to start: ChildStart) -> String? {
    guard start.protocolVersion == ChildStart.currentProtocol else {
      return
        "its parent is of another version: start the program again, so that all its processes are of one build"
    }
    if let build = start.build, let own = ProgramBuild.current, build != own {
      return
        "its parent is of another build: start the program again, so that all its processes are of one build"
    }
    guard start.fingerprint == functions.fingerprint else {
      return
        "its parent knows other functions than “\(functions.names.joined(separator: "”, “"))”: pass the same ones to "
        + "Skein.main everywhere"
    }
    return functions[start.function] == nil ? "the function “\(start.function)” is not registered" : nil
  }

  /// Ends this process with its parent: the socket's other end is closed by the system then, however it ends.
  private func watchParent() {
    let identity = ObjectIdentity("Connection", name: "parent", place: SourcePlace())
    startDetachedThread(name: "skein-parent") { [socket] in
      _ = DescriptorWait.ready(
        among: [(socket.rawValue, .reading)], until: nil, for: identity, at: SourcePlace())
      _exit(Self.orphanCode)
    }
  }

  @available(*, noasync)
  private func refuse(_ reason: String) -> Never {
    report(.refused(reason))
    end(Self.refusalCode)
  }

  /// Tells the parent, unless that has gone meanwhile.
  @available(*, noasync)
  private func report(_ report: ChildReport) { try? control.send(report) }

  private func end(_ code: Int32) -> Never {
    if !isForked { exit(code) }
    fflush(nil)
    _exit(code)
  }
}
