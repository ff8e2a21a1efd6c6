package import FoundationEssentials
package import SkeinBuiltinJobs
package import SkeinJobs
internal import SkeinWork

/// A job that somebody wants submitted, not yet checked against the jobs that there are.
package struct JobRequest: Hashable, Sendable {
  /// The job's name.
  package var name: String
  /// Its input as JSON.
  package var input: Data
  package var changes = OptionChanges()
  /// What other lines call it.
  package var label: String?
  package var dependencies = RequestedDependencies()
  /// Its number among those that came with it: of a line of standard input, say.
  package var line: Int?
  /// What it was read from, for messages that tell its number.
  package var unit = "line"

  /// A job by name.
  package init(name: String, input: Data) {
    self.name = name
    self.input = input
  }

  /// A program to run.
  package init(_ command: CommandJob) throws {
    self.init(name: CommandJob.name, input: try JSONCodec().encode(command))
  }

  /// Where it came from, at the front of messages about it.
  package var place: String { line.map { "\(unit) \($0): " } ?? "" }
}

/// The jobs that may be submitted: those that this executable knows, and those that workers have announced.
package struct JobCatalog: Sendable {
  package var registry: JobRegistry
  /// The newest payload version by name.
  package var announced: [String: Int] = [:]

  package init(registry: JobRegistry, announced: [String: Int] = [:]) {
    (self.registry, self.announced) = (registry, announced)
  }

  /// Checks a request and makes a job of it.
  ///
  /// - Throws: ``JobQueueError`` that says what is wrong, and in which line.
  package func job(_ request: JobRequest) throws -> NewJob {
    do {
      var (options, version) = try rules(request)
      try request.changes.apply(to: &options)
      var job = try NewJob(
        name: request.name, payloadVersion: version, payload: JobPayload(kwargs: request.input),
        options: options)
      job.label = request.line.map { "\(request.unit) \($0)" + (request.label.map { " (\($0))" } ?? "") }
      return job
    } catch let error as JobQueueError {
      throw JobQueueError(error.code, request.place + error.message)
    }
  }

  private func rules(_ request: JobRequest) throws -> (JobOptions, version: Int) {
    let version = registry.knows[request.name] ?? announced[request.name]
    guard let version else { throw unknown(request.name) }
    guard let value = JSONValue(request.input) else {
      throw JobQueueError.invalidInput(
        "the input of job '\(request.name)' is no JSON: \(excerpt(request.input))")
    }
    guard value.isObject else {
      throw JobQueueError.invalidInput(
        "the input of job '\(request.name)' must be an object, as in {\"path\": \"a.png\"}, not \(value.kind)"
      )
    }
    return (try registry.options(of: request.name, input: request.input) ?? JobOptions(), version)
  }

  private func excerpt(_ input: Data) -> String {
    Text.cut(Text.printable(String(decoding: input.prefix(400), as: UTF8.self)), to: 60)
  }

  private func unknown(_ name: String) -> JobQueueError {
    let names = Set(registry.names).union(announced.keys).sorted()
    let near = NearNames.of(name, among: names)
    let advice =
      near.isEmpty
      ? "known are \(names.joined(separator: ", "))" : "did you mean \(near.joined(separator: " or "))?"
    return .invalidInput(
      "no job is called '\(name)', neither here nor at any worker that has served this queue; \(advice)"
    )
  }
}
