public import SkeinJobs
internal import SkeinWork

/// Runs a program and waits for its end.
///
/// The program is the leader of a session and process group of its own, without a terminal. What it writes
/// goes to the attempt's log as it comes, and its beginning into the result. The attempt fails with
/// ``CommandFailed`` when the program exits with another code than 0 or is ended by a signal, and for good
/// with ``CommandNotStarted`` when there is no such program or directory.
///
/// **Environment.** The program gets `PATH` as the worker has it, the variables that ``inherits`` names,
/// those of ``environment``, and `SKEIN_JOB_ID` and `SKEIN_ATTEMPT`; nothing else of the worker's
/// environment. What comes later in this list wins.
///
/// **End.** Once the program has exited, the rest of its process group is killed, so that a background
/// process which holds the output open can not keep the job. A process that left the group (`setsid`, a
/// daemon, a shell's job control) escapes this.
///
/// ```swift
/// let job = CommandJob(arguments: ["convert", "in.png", "-resize", "50%", "out.png"], directory: "/srv/art")
/// try await queue.enqueue(job)
/// ```
///
/// - Cancellation: the group gets SIGTERM, and SIGKILL when something of it is left after
///   ``terminationGrace``. Then the job throws `CancellationError`, unless the program had exited before.
public struct CommandJob: Job, Hashable {
  /// What the program left.
  public typealias Output = CommandResult

  /// `command`.
  public static let name = "command"
  /// It runs a program as it is.
  public static let isIsolated = false

  /// The program and its arguments.
  ///
  /// A program without a slash is looked up in `PATH`, in its absolute directories only; one with a slash is
  /// a path, relative to ``directory``.
  public var arguments: [String]
  /// Where the program runs; the worker's own directory when `nil`.
  public var directory: String?
  /// Variables for the program, with their values.
  public var environment: [String: String]
  /// Names of variables that the program gets as the worker has them; those that the worker does not have are
  /// left out.
  public var inherits: [String]
  /// What the program reads from its standard input; `nil` is `/dev/null`.
  public var standardInput: String?
  /// How many bytes of standard output, and as many of standard error, stand in the result. What comes after
  /// is read, counted and dropped.
  public var outputLimit: Int
  /// How long the processes may take to end after SIGTERM; in the stored form, a number of seconds.
  public var terminationGrace: Duration

  /// Creates the job; all is checked when it is enqueued or run.
  ///
  /// - Parameters:
  ///   - arguments: the program and its arguments; at least the program.
  ///   - directory: where it runs; the worker's own directory when `nil`.
  ///   - environment: variables, with their values.
  ///   - inherits: names of variables that are taken from the worker.
  ///   - standardInput: what it reads; `nil` is `/dev/null`.
  ///   - outputLimit: bytes of each stream kept in the result, from 0 to 16 MiB; 1 MiB unless told, as for
  ///     the log.
  ///   - terminationGrace: from 0 to an hour.
  public init(
    arguments: [String], directory: String? = nil, environment: [String: String] = [:],
    inherits: [String] = [], standardInput: String? = nil, outputLimit: Int = Self.defaultOutputLimit,
    terminationGrace: Duration = Self.defaultTerminationGrace
  ) {
    self.arguments = arguments
    self.directory = directory
    self.environment = environment
    self.inherits = inherits
    self.standardInput = standardInput
    self.outputLimit = outputLimit
    self.terminationGrace = terminationGrace
  }

  /// How many bytes of each stream are kept unless the job says otherwise: 1 MiB.
  public static let defaultOutputLimit = 1 << 20
  /// The grace unless the job says otherwise: 5 seconds.
  public static let defaultTerminationGrace = Duration.seconds(5)

  static let outputLimits = 0...(16 << 20)
  static let terminationGraces = Duration.zero ... .seconds(3600)
}

// MARK: - The stored form

extension CommandJob {
  private enum CodingKeys: CodingKey {
    case arguments, directory, environment, inherits, standardInput, outputLimit, terminationGrace
  }

  /// Decodes and checks the job; only `arguments` must be there.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(arguments: try values.decode([String].self, forKey: .arguments))
    directory = try values.decodeIfPresent(String.self, forKey: .directory)
    environment = try values.decodeIfPresent([String: String].self, forKey: .environment) ?? environment
    inherits = try values.decodeIfPresent([String].self, forKey: .inherits) ?? inherits
    standardInput = try values.decodeIfPresent(String.self, forKey: .standardInput)
    outputLimit = try values.decodeIfPresent(Int.self, forKey: .outputLimit) ?? outputLimit
    let seconds = try values.decodeIfPresent(Double.self, forKey: .terminationGrace)
    try decoder.checkingInput { () throws(InvalidJobInput) in
      if let seconds { terminationGrace = try Self.grace(ofSeconds: seconds) }
      try checkInput()
    }
  }

  /// Encodes the job.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(arguments, forKey: .arguments)
    try values.encodeIfPresent(directory, forKey: .directory)
    try values.encode(environment, forKey: .environment)
    try values.encode(inherits, forKey: .inherits)
    try values.encodeIfPresent(standardInput, forKey: .standardInput)
    try values.encode(outputLimit, forKey: .outputLimit)
    try values.encode(terminationGrace / .seconds(1), forKey: .terminationGrace)
  }

  /// Turns seconds into a duration, which traps for numbers that are far too large.
  private static func grace(ofSeconds seconds: Double) throws(InvalidJobInput) -> Duration {
    let longest = terminationGraces.upperBound / .seconds(1)
    guard (0...longest).contains(seconds) else { throw badGrace("\(seconds) s") }
    return .seconds(seconds)
  }
}

// MARK: - Checks

extension CommandJob {
  /// Checks what can be told from the input alone.
  func checkInput() throws(InvalidJobInput) {
    guard let program = arguments.first, !program.isEmpty else {
      throw InvalidJobInput("the command is empty: give the program and its arguments")
    }
    for text in arguments + [directory ?? ""] + environment.values where text.utf8.contains(0) {
      throw InvalidJobInput("a command can not be given a NUL byte, and '\(text)' has one")
    }
    if directory?.isEmpty == true {
      throw InvalidJobInput("the directory is empty: leave it out for the worker's own")
    }
    for name in Array(environment.keys) + inherits { try Self.check(variable: name) }
    guard Self.outputLimits.contains(outputLimit) else {
      throw InvalidJobInput(
        "the output limit is \(outputLimit) bytes: it goes from 0 to \(Self.outputLimits.upperBound)")
    }
    guard Self.terminationGraces.contains(terminationGrace) else {
      throw Self.badGrace("\(terminationGrace)")
    }
  }

  /// Checks the name of a variable, by the rules of POSIX chapter 8.
  private static func check(variable name: String) throws(InvalidJobInput) {
    let isAllowed = name.utf8.allSatisfy { $0 != 0 && $0 != UInt8(ascii: "=") }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let first = name.utf8.first, isAllowed, !digits.contains(first) else {
      throw InvalidJobInput("'\(name)' is no name for an environment variable")
    }
  }

  private static func badGrace(_ value: String) -> InvalidJobInput {
    InvalidJobInput("the termination grace is \(value): it goes from 0 to an hour")
  }
}
