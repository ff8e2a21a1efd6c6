internal import CSkein
internal import Glibc
internal import SkeinSync

/// The execution of a program as a child or as a fork server.
struct Spawning {
  enum Role: String {
    case child, server
  }

  /// The mark of a child among its arguments, for people who look at processes, and for a program that does not
  /// expect it.
  private static let argument = "--skein-"

  let program: ChildProgram
  let role: Role
  /// The other end of its line to this process.
  let control: OwnedDescriptor
  /// What is to be its standard error; `nil` for that of this process.
  let errors: OwnedDescriptor?

  /// Executes the program. It has its standard input, output and error, and its end of the line: nothing else.
  func start() throws(ProcessError) -> OwnedProcess {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let errors { posix_spawn_file_actions_adddup2(&actions, errors.rawValue, STDERR_FILENO) }
    posix_spawn_file_actions_adddup2(&actions, control.rawValue, SKEIN_CONTROL_DESCRIPTOR)
    _ = skein_add_close_from(&actions, SKEIN_CONTROL_DESCRIPTOR + 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let words = [programName, Self.argument + role.rawValue].map { (word: String) in strdup(word) } + [nil]
    let variables =
      (["\(SKEIN_ROLE_VARIABLE)=\(role.rawValue)"] + environment).map { (word: String) in strdup(word) }
      + [nil]
    defer { for word in words + variables { free(word) } }
    var process = pid_t()
    let number = posix_spawn(&process, executable, &actions, &attributes, words, variables)
    withExtendedLifetime((control, errors)) {}
    switch number {
    case 0: return OwnedProcess(processID: process, descriptor: try OwnedDescriptor(ofProcess: process))
    case EAGAIN, ENOMEM, EMFILE, ENFILE: throw .outOfResources(number)
    default: throw .cannotStart(executable: executable, number)
    }
  }

  private var programName: String {
    executable == "/proc/self/exe" ? CommandLine.arguments.first ?? executable : executable
  }

  private var executable: String { program.executable }

  /// This process' variables, but for those that the program has values of its own for.
  private var environment: [String] {
    let own = program.environment.map { "\($0)=\($1)" }
    let inherited = (0...).lazy.map { environ[$0] }.prefix { $0 != nil }.map { String(cString: $0!) }
    return own + inherited.filter { program.environment[String($0.prefix { $0 != "=" })] == nil }
  }
}

/// A child of this very process, which has to wait for it.
struct OwnedProcess: Sendable {
  let processID: Int32
  /// Becomes readable when the process ends.
  let descriptor: OwnedDescriptor

  /// Takes note of the end of a process that nobody asks for, whenever it comes.
  func reapInTime() {
    DescriptorMonitor.shared.add(
      .init(.reading) {
        var code: Int32 = 0
        _ = skein_reap_process(descriptor.rawValue, &code)
      }, to: descriptor.rawValue)
  }
}
