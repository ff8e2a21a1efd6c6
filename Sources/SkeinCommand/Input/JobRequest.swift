internal import FoundationEssentials
internal import SkeinBuiltinJobs
internal import SkeinJobs
internal import SkeinWork

/// A job that somebody wants submitted, not yet checked against the jobs that there are.
struct JobRequest: Hashable, Sendable {
  /// The job's name.
  var name: String
  /// Its input as JSON.
  var input: Data
  var changes = OptionChanges()
  /// What other lines call it.
  var label: String?
  var dependencies = RequestedDependencies()
  /// The line of standard input that it came from.
  var line: Int?

  /// A job by name.
  init(name: String, input: Data) {
    self.name = name
    self.input = input
  }

  /// A program to run.
  init(_ command: CommandJob) throws {
    self.init(name: CommandJob.name, input: try JSONCodec().encode(command))
  }

  /// Where it came from, at the front of messages about it.
  var place: String { line.map { "line \($0): " } ?? "" }
}

/// The jobs that may be submitted: those that this executable knows, and those that workers have announced.
struct JobCatalog: Sendable {
  var registry: JobRegistry
  /// The newest payload version by name.
  var announced: [String: Int] = [:]

  /// Checks a request and makes a job of it.
  ///
  /// - Throws: ``CommandFailure`` that says what is wrong, and in which line.
  func job(_ request: JobRequest) throws -> NewJob {
    do {
      var (options, version) = try rules(request)
      try request.changes.apply(to: &options)
      var job = try NewJob(
        name: request.name, payloadVersion: version, payload: JobPayload(kwargs: request.input),
        options: options)
      job.label = request.line.map { "line \($0)" + (request.label.map { " (\($0))" } ?? "") }
      return job
    } catch let error as JobQueueError {
      throw CommandFailure(ExitStatus(error.code), request.place + error.message)
    } catch let error as CommandFailure {
      throw CommandFailure(error.status, request.place + error.message)
    }
  }

  private func rules(_ request: JobRequest) throws -> (JobOptions, version: Int) {
    let version = registry.knows[request.name] ?? announced[request.name]
    guard let version else { throw unknown(request.name) }
    guard let value = JSONValue(request.input) else {
      throw CommandFailure.usage("the input of job '\(request.name)' is no JSON: \(excerpt(request.input))")
    }
    guard value.isObject else {
      throw CommandFailure.usage(
        "the input of job '\(request.name)' must be an object, as in {\"path\": \"a.png\"}, not \(value.kind)"
      )
    }
    return (try registry.options(of: request.name, input: request.input) ?? JobOptions(), version)
  }

  private func excerpt(_ input: Data) -> String {
    Text.cut(Text.printable(String(decoding: input.prefix(400), as: UTF8.self)), to: 60)
  }

  private func unknown(_ name: String) -> CommandFailure {
    let names = Set(registry.names).union(announced.keys).sorted()
    let near = NearNames.of(name, among: names)
    let advice =
      near.isEmpty
      ? "known are \(names.joined(separator: ", "))" : "did you mean \(near.joined(separator: " or "))?"
    return .usage(
      "no job is called '\(name)', neither here nor at any worker that has served this queue; \(advice)"
    )
  }
}

/// Names that somebody may have meant.
enum NearNames {
  /// Those of `names` that differ from `name` in few letters, or begin as it does, the nearest first; at most
  /// three.
  static func of(_ name: String, among names: [String]) -> [String] {
    let most = max(1, name.count / 3)
    let near = names.compactMap { candidate -> (String, Int)? in
      let distance = editDistance(name.lowercased(), candidate.lowercased())
      let isPrefix = name.count >= 2 && candidate.lowercased().hasPrefix(name.lowercased())
      return distance <= most || isPrefix ? (candidate, distance) : nil
    }
    return near.sorted { $0.1 < $1.1 }.prefix(3).map { $0.0 }
  }
}
