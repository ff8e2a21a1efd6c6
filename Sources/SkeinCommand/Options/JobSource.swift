internal import ArgumentParser
internal import Foundation
internal import SkeinBuiltinJobs
internal import SkeinJobForms

/// The options that say which job is meant: a command, or a job by its name.
struct JobSource: ParsableArguments {
  @Option(help: ArgumentHelp("The job of this name instead of a command.", valueName: "name"))
  var task: String?

  @Option(
    help: ArgumentHelp("Its input, an object: JSON, @FILE, or - for standard input.", valueName: "json"))
  var input: String?

  @Option(help: ArgumentHelp("Where the command runs; here unless told.", valueName: "path"))
  var directory: String?

  @Option(
    name: .customLong("env"),
    help: ArgumentHelp(
      "A variable for the command, any number of times; with its name alone it is taken from the worker.",
      valueName: "name[=value]"))
  var variables: [String] = []

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

  /// The job that is named; `nil` when none is.
  func request() throws -> JobRequest? {
    if let task { return JobRequest(name: task, input: try taskInput()) }
    guard !command.isEmpty else { return nil }
    var job = try usualCommand()
    job.arguments = command
    return try JobRequest(job)
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
  func usualCommand() throws -> CommandJob {
    var job = CommandJob(arguments: [])
    job.directory = Paths.absolute(directory ?? ".")
    for variable in variables {
      let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      if parts.count == 2 { job.environment[parts[0]] = parts[1] } else { job.inherits.append(variable) }
    }
    return job
  }
}
