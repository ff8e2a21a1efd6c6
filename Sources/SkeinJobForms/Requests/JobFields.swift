package import FoundationEssentials
package import SkeinBuiltinJobs
internal import SkeinJobs
internal import SkeinResilience
internal import SkeinWork

extension JobRequest {
  /// Reads a JSON object that describes a job, as ``JobFields`` has it.
  ///
  /// - Parameters:
  ///   - json: the object.
  ///   - command: what a command is like where the object says nothing.
  ///   - isLocal: whether it comes from where this program runs, so that a path may begin there.
  /// - Throws: ``JobQueueError`` with code `invalidInput` that says what does not fit.
  package init(json: Data, command: CommandJob, isLocal: Bool) throws {
    let fields: JobFields
    do {
      fields = try JSONCodec().decode(JobFields.self, from: json)
    } catch let error as DecodingError {
      throw JobQueueError.invalidInput("it does not fit: \(error.summary)")
    } catch let error as JobQueueError {
      throw error
    } catch {
      // Foundation's own, which it does not always wrap.
      throw JobQueueError.invalidInput("it does not fit: \(error)")
    }
    self = try fields.work(command, isLocal: isLocal)
    changes = try fields.changes()
    label = try fields.label()
    dependencies = try fields.dependencies()
  }
}

/// The keys of a JSON object that describes a job.
///
/// | key | what it holds |
/// |---|---|
/// | `task`, `input` | the job's name and its input, an object |
/// | `command` | in their place: an array (program and arguments), or a string for `/bin/sh -c` |
/// | `directory`, `environment` | of a command: where it runs, and its variables by name |
/// | `queue`, `unique`, `ifExists`, `concurrencyKey` | strings |
/// | `priority`, `retries` | integers |
/// | `label` | what other lines call it |
/// | `after`, `afterEnd`, `afterFailure`, `insteadOf` | a label, number or id, or an array of them |
/// | `any` | whether one of them suffices |
/// | `backoff`, `timeout`, `softTimeout`, `delay`, `expires`, `uniqueFor` | as the options, or a number of seconds |
package struct JobFields: Decodable {
  package enum Key: String, CodingKey, CaseIterable {
    case task, input, command, directory, environment
    case queue, priority, retries, backoff, timeout, softTimeout, delay, expires, unique, uniqueFor,
      ifExists
    case concurrencyKey, label, after, afterEnd, afterFailure, insteadOf, any
  }

  private let values: KeyedDecodingContainer<Key>

  package init(from decoder: any Decoder) throws {
    let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
    if let unknown = given.first(where: { Key(rawValue: $0) == nil }) {
      let keys = Key.allCases.map(\.rawValue)
      let near = NearNames.of(unknown, among: keys)
      let advice = near.isEmpty ? "keys are \(keys.joined(separator: ", "))" : "did you mean \(near[0])?"
      throw JobQueueError.invalidInput("there is no key '\(unknown)'; \(advice)")
    }
    values = try decoder.container(keyedBy: Key.self)
  }

  package func work(_ command: CommandJob, isLocal: Bool) throws -> JobRequest {
    switch (values.contains(.task), values.contains(.command)) {
    case (true, false): return try task()
    case (false, true): return try JobRequest(self.command(command, isLocal))
    default: throw JobQueueError.invalidInput("there must be either a 'task' or a 'command'")
    }
  }

  private func task() throws -> JobRequest {
    for key in [Key.directory, .environment] where values.contains(key) {
      throw JobQueueError.invalidInput(
        "'\(key.rawValue)' belongs to a 'command'; a task has all in its 'input'")
    }
    let input = try decode(JSONValue.self, .input) ?? .object([:])
    return JobRequest(name: try decode(String.self, .task) ?? "", input: try JSONCodec().encode(input))
  }

  private func command(_ usual: CommandJob, _ isLocal: Bool) throws -> CommandJob {
    guard !values.contains(.input) else {
      throw JobQueueError.invalidInput("'input' belongs to a 'task'; a command has its arguments")
    }
    var command = usual
    if let text = try? values.decode(String.self, forKey: .command) {
      command.arguments = ["/bin/sh", "-c", text]
    } else {
      command.arguments = try decode([String].self, .command) ?? []
    }
    if let directory = try decode(String.self, .directory) {
      guard isLocal || directory.hasPrefix("/") else {
        throw JobQueueError.invalidInput("'directory' is '\(directory)': it must begin with /")
      }
      command.directory = Paths.absolute(directory)
    }
    command.environment.merge(try decode([String: String].self, .environment) ?? [:]) { $1 }
    return command
  }

  package func changes() throws -> OptionChanges {
    OptionChanges(
      queue: try decode(String.self, .queue), priority: try decode(Int.self, .priority),
      retries: try decode(Int.self, .retries), backoff: try backoff(), timeout: try duration(.timeout),
      softTimeout: try duration(.softTimeout), delay: try duration(.delay), expires: try duration(.expires),
      unique: try decode(String.self, .unique), uniqueFor: try duration(.uniqueFor),
      ifExists: try ifExists(), concurrencyKey: try decode(String.self, .concurrencyKey))
  }

  private func ifExists() throws -> UniqueConflict? {
    guard let text = try decode(String.self, .ifExists) else { return nil }
    guard let answer = IfExistsText(rawValue: text) else {
      let answers = IfExistsText.allCases.map(\.rawValue).joined(separator: ", ")
      throw JobQueueError.invalidInput("'ifExists' is '\(text)'; it can be \(answers)")
    }
    return answer.conflict
  }

  package func label() throws -> String? {
    guard let label = try decode(String.self, .label) else { return nil }
    guard !label.isEmpty, JobReference(label) == nil else {
      throw JobQueueError.invalidInput(
        "'label' is '\(label)': it must not be empty, and not look like a number or id")
    }
    return label
  }

  package func dependencies() throws -> RequestedDependencies {
    var all = RequestedDependencies()
    all.add(try names(.after), .success)
    all.add(try names(.afterEnd), .end)
    all.add(try names(.afterFailure), .failure)
    all.add(try names(.insteadOf), .fallback)
    all.startsAfterAny = try decode(Bool.self, .any) ?? false
    guard !all.startsAfterAny || !all.isEmpty else {
      throw JobQueueError.invalidInput("'any' belongs to 'after', 'afterEnd' or 'afterFailure'")
    }
    return all
  }

  /// A job, or several.
  private func names(_ key: Key) throws -> [String] {
    guard let value = try decode(JSONValue.self, key) else { return [] }
    let all = if case .array(let values) = value { values } else { [value] }
    return try all.map { value in
      switch value {
      case .string(let name): return name
      case .integer(let number): return "\(number)"
      default:
        throw JobQueueError.invalidInput("'\(key.rawValue)' has \(value.kind): give labels, numbers or ids")
      }
    }
  }

  private func backoff() throws -> RetryPolicy.Backoff? {
    if let text = try? values.decode(String.self, forKey: .backoff) {
      return try named(.backoff) { try BackoffText.parse(text) }
    }
    return try duration(.backoff).map { .exponential(initial: $0) }
  }

  private func duration(_ key: Key) throws -> Duration? {
    if let text = try? values.decode(String.self, forKey: key) {
      return try named(key) { try DurationText.parse(text) }
    }
    return try decode(Double.self, key).map { seconds in
      try named(key) { try DurationText.duration(seconds: seconds, "\(seconds)") }
    }
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
    do {
      return try values.decodeIfPresent(type, forKey: key)
    } catch let error as DecodingError {
      throw JobQueueError.invalidInput("'\(key.rawValue)' does not fit: \(error.summary)")
    } catch {
      // Of a number that Swift has none like, which is not wrapped.
      throw JobQueueError.invalidInput("'\(key.rawValue)' does not fit: it is no number that can be used")
    }
  }

  private func named<Value>(_ key: Key, _ parse: () throws -> Value) throws -> Value {
    do { return try parse() } catch let error as JobQueueError {
      throw JobQueueError.invalidInput("'\(key.rawValue)': \(error.message)")
    }
  }
}

/// Any key of an object.
private struct AnyKey: CodingKey {
  package var stringValue: String
  package var intValue: Int? { nil }
  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}

extension DecodingError {
  /// What does not fit, in a few words.
  fileprivate var summary: String {
    switch self {
    case .typeMismatch(let type, _): "it is no \(Self.word(type))"
    case .valueNotFound(let type, _): "a \(Self.word(type)) is null"
    case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
    case .dataCorrupted(let context): context.debugDescription
    @unknown default: "\(self)"
    }
  }

  private static func word(_ type: Any.Type) -> String {
    switch type {
    case is String.Type: "string"
    case is Int.Type: "integer"
    case is Double.Type: "duration (text such as \"5m\", or a number of seconds)"
    case is [String].Type, is [Any].Type: "string or array of strings"
    default: "\(type)".hasPrefix("Dictionary") ? "object of strings" : "\(type)"
    }
  }
}
