internal import ArgumentParser
internal import Foundation
internal import SkeinBuiltinJobs
internal import SkeinJobs

/// Queues jobs.
struct SubmitVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Queue a command, a job of another kind, or one job for each line of standard input.",
    usage: """
      \(SkeinTool.name) submit [<options>] -- <command> [<argument> ...]
      \(SkeinTool.name) submit [<options>] --task <name> [--input <json>]
      \(SkeinTool.name) submit [<options>] < lines
      """,
    discussion: """
      When it returns, what was submitted is on disk. In a pipe it prints the id
      of each job.

      Examples:
        \(SkeinTool.name) submit -- convert big.png -resize 50% small.png
        \(SkeinTool.name) submit --wait --timeout 10m -- make test
        \(SkeinTool.name) submit --retries 5 --backoff 2s --queue mail -- ./send it.txt
        \(SkeinTool.name) submit --task wordcount --input '{"paths": ["/etc"]}' --wait
        ls *.png | sed 's/.*/optipng "&"/' | \(SkeinTool.name) submit --priority 2

      A line of standard input is a command for /bin/sh -c, unless it begins
      with '{'. Then it is a JSON object with the keys below; what it leaves out
      is as the options say.
        task, input         a job's name and its input, an object
        command             in their place: an array, or a string for /bin/sh -c
        directory           where the command runs
        environment         an object: the command's variables
        queue, priority, retries, backoff, timeout, softTimeout, delay, expires,
        unique              as the options; spans as "5m" or as a number of seconds
      Blank lines are skipped. A bad line is named, and then nothing of the batch
      is stored. A batch of more than \(SubmitBatch.most) jobs is stored in parts of
      that size, each of them all or none.
      """)

  @OptionGroup var queue: QueueOptions

  @Option(help: ArgumentHelp("Submit the job of this name instead of a command.", valueName: "name"))
  var task: String?

  @Option(
    help: ArgumentHelp("Its input, an object: JSON, @FILE, or - for standard input.", valueName: "json"))
  var input: String?

  @OptionGroup(title: "How it is queued and run") var flags: JobFlags

  @Option(help: ArgumentHelp("Where the command runs; here unless told.", valueName: "path"))
  var directory: String?

  @Option(
    name: .customLong("env"),
    help: ArgumentHelp(
      "A variable for the command, any number of times; with its name alone it is taken from the worker.",
      valueName: "name[=value]"))
  var variables: [String] = []

  @Flag(help: "Wait for the end, print the output, and pass on the exit code.")
  var wait = false

  @Argument(
    parsing: .postTerminator, help: ArgumentHelp("The program and its arguments.", valueName: "command"))
  var command: [String] = []

  func validate() throws {
    guard task == nil || command.isEmpty else {
      throw ValidationError("give either --task or a command, not both")
    }
    guard task != nil || input == nil else { throw ValidationError("--input belongs to --task") }
    guard task == nil || (directory == nil && variables.isEmpty) else {
      throw ValidationError("--directory and --env belong to commands; a task has all in its --input")
    }
  }

  func run() async throws {
    let requests = try requests()
    guard !requests.isEmpty else {
      return Console.shared.note("standard input had no jobs: nothing was submitted")
    }
    let batch = SubmitBatch(requests: requests, registry: KnownJobs.registry)
    let early = try queue.exists(queue.directory()) ? nil : batch.jobs(announced: [:])
    try await queue.withQueue(creates: true) { queue in
      var jobs = early
      if jobs == nil { jobs = try batch.jobs(announced: await queue.store.knownJobs()) }
      let submitted = try await batch.store(jobs ?? [], in: queue)
      try report(submitted)
      guard wait else { return }
      try await JobWait(queue: queue, isJSON: self.queue.json, printsOutput: true).run(submitted.map(\.id))
    }
  }

  // MARK: Input

  private func requests() throws -> [JobRequest] {
    if let task {
      var request = JobRequest(name: task, input: try taskInput())
      request.changes = flags.changes
      return [request]
    }
    let usual = try usualCommand()
    return command.isEmpty ? try lines(usual) : [try single(usual)]
  }

  private func single(_ usual: CommandJob) throws -> JobRequest {
    var job = usual
    job.arguments = command
    var request = try JobRequest(job)
    request.changes = flags.changes
    return request
  }

  private func lines(_ usual: CommandJob) throws -> [JobRequest] {
    guard isatty(STDIN_FILENO) == 0 else {
      throw CommandFailure.usage(
        "there is nothing to submit: give a command after --, or --task, or lines on standard input")
    }
    var reader = LineReader(descriptor: STDIN_FILENO, mostBytes: JobPayload.mostBytes)
    var requests: [JobRequest] = []
    while let line = try reader.next() {
      guard var request = try JobLine.parse(line, command: usual) else { continue }
      request.changes = request.changes.over(flags.changes)
      requests.append(request)
    }
    return requests
  }

  private func taskInput() throws -> Data {
    guard let input else { return Data("{}".utf8) }
    guard input == "-" || input.hasPrefix("@") else { return Data(input.utf8) }
    let path = input == "-" ? "/dev/stdin" : String(input.dropFirst())
    do {
      return try FileHandle(forReadingFrom: URL(filePath: path)).readToEnd() ?? Data()
    } catch {
      let why = FileManager.default.fileExists(atPath: path) ? "can not be read: \(error)" : "does not exist"
      throw CommandFailure.usage("the input file '\(path)' \(why)")
    }
  }

  /// What a command is like before its arguments are known.
  private func usualCommand() throws -> CommandJob {
    var job = CommandJob(arguments: [])
    job.directory = Paths.absolute(directory ?? ".")
    for variable in variables {
      let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      if parts.count == 2 { job.environment[parts[0]] = parts[1] } else { job.inherits.append(variable) }
    }
    return job
  }

  // MARK: Output

  private func report(_ submitted: [EnqueuedJob]) throws {
    let console = Console.shared
    if queue.json {
      if !wait { for job in submitted { try console.line(JSONText.encode(SubmittedView(job))) } }
    } else if wait {
      if console.isLive { console.note(summary(submitted)) }
    } else if console.output.isTerminal {
      try console.line(summary(submitted))
    } else {
      try console.write(submitted.map { "\($0.id)\n" }.joined())
    }
  }

  private func summary(_ submitted: [EnqueuedJob]) -> String {
    let existing = submitted.filter(\.isExisting).count
    let note = existing == 0 ? "" : " (\(existing) of them unfinished already, under the same unique key)"
    guard submitted.count == 1 else {
      return
        "submitted \(submitted.count) jobs: \(submitted[0].sequence) to \(submitted.last!.sequence)\(note)"
    }
    let job = submitted[0]
    return job.isExisting
      ? "job \(job.sequence) has this unique key and is unfinished: nothing was added"
      : "submitted job \(job.sequence)"
  }
}

/// A submitted job in JSON.
private struct SubmittedView: Encodable {
  var id: JobID
  var sequence: Int64
  var isExisting: Bool

  init(_ job: EnqueuedJob) {
    id = job.id
    sequence = job.sequence
    isExisting = job.isExisting
  }
}
