internal import FoundationEssentials
internal import SkeinBuiltinJobs
internal import SkeinJobs
internal import SkeinResilience
internal import SkeinWork

/// A line of standard input that describes a job: a JSON object, or a command for `/bin/sh -c`.
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
enum JobLine {
  /// Reads a line.
  ///
  /// - Parameters:
  ///   - command: what a command is like where the line says nothing.
  /// - Returns: `nil` for a blank line.
  /// - Throws: ``CommandFailure`` that names the line.
  static func parse(_ line: LineReader.Line, command: CommandJob) throws -> JobRequest? {
    do {
      guard let text = String(validating: line.bytes, as: UTF8.self) else {
        throw CommandFailure.usage("it is no UTF-8 text")
      }
      guard let first = text.first(where: { !$0.isWhitespace }) else { return nil }
      var request = first == "{" ? try object(line.bytes, command) : try shell(text, command)
      request.line = line.number
      return request
    } catch let failure as CommandFailure {
      throw CommandFailure(failure.status, "line \(line.number): \(failure.message)")
    }
  }

  private static func shell(_ text: String, _ command: CommandJob) throws -> JobRequest {
    var command = command
    command.arguments = ["/bin/sh", "-c", text]
    return try JobRequest(command)
  }

  private static func object(_ bytes: Data, _ command: CommandJob) throws -> JobRequest {
    let fields: Fields
    do {
      fields = try JSONCodec().decode(Fields.self, from: bytes)
    } catch let failure as CommandFailure {
      throw failure
    } catch let error as DecodingError {
      throw CommandFailure.usage("it begins with '{' but does not fit: \(error.summary)")
    }
    var request = try fields.work(command)
    request.changes = try fields.changes()
    request.label = try fields.label()
    request.dependencies = try fields.dependencies()
    return request
  }

  /// The keys of an object.
  struct Fields: Decodable {
    enum Key: String, CodingKey, CaseIterable {
      case task, input, command, directory, environment
      case queue, priority, retries, backoff, timeout, softTimeout, delay, expires, unique, uniqueFor,
        ifExists
      case concurrencyKey, label, after, afterEnd, afterFailure, insteadOf, any
    }

    private let values: KeyedDecodingContainer<Key>

    init(from decoder: any Decoder) throws {
      let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
      if let unknown = given.first(where: { Key(rawValue: $0) == nil }) {
        let keys = Key.allCases.map(\.rawValue)
        let near = NearNames.of(unknown, among: keys)
        let advice = near.isEmpty ? "keys are \(keys.joined(separator: ", "))" : "did you mean \(near[0])?"
        throw CommandFailure.usage("there is no key '\(unknown)'; \(advice)")
      }
      values = try decoder.container(keyedBy: Key.self)
    }

    func work(_ command: CommandJob) throws -> JobRequest {
      switch (values.contains(.task), values.contains(.command)) {
      case (true, false): return try task()
      case (false, true): return try JobRequest(self.command(command))
      default: throw CommandFailure.usage("there must be either a 'task' or a 'command'")
      }
    }

    private func task() throws -> JobRequest {
      for key in [Key.directory, .environment] where values.contains(key) {
        throw CommandFailure.usage("'\(key.rawValue)' belongs to a 'command'; a task has all in its 'input'")
      }
      let input = try decode(JSONValue.self, .input) ?? .object([:])
      return JobRequest(name: try decode(String.self, .task) ?? "", input: try JSONCodec().encode(input))
    }

    private func command(_ usual: CommandJob) throws -> CommandJob {
      guard !values.contains(.input) else {
        throw CommandFailure.usage("'input' belongs to a 'task'; a command has its arguments")
      }
      var command = usual
      if let text = try? values.decode(String.self, forKey: .command) {
        command.arguments = ["/bin/sh", "-c", text]
      } else {
        command.arguments = try decode([String].self, .command) ?? []
      }
      if let directory = try decode(String.self, .directory) { command.directory = Paths.absolute(directory) }
      command.environment.merge(try decode([String: String].self, .environment) ?? [:]) { $1 }
      return command
    }

    func changes() throws -> OptionChanges {
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
        throw CommandFailure.usage("'ifExists' is '\(text)'; it can be \(answers)")
      }
      return answer.conflict
    }

    func label() throws -> String? {
      guard let label = try decode(String.self, .label) else { return nil }
      guard !label.isEmpty, JobReference(label) == nil else {
        throw CommandFailure.usage(
          "'label' is '\(label)': it must not be empty, and not look like a number or id")
      }
      return label
    }

    func dependencies() throws -> RequestedDependencies {
      var all = RequestedDependencies()
      all.add(try names(.after), .success)
      all.add(try names(.afterEnd), .end)
      all.add(try names(.afterFailure), .failure)
      all.add(try names(.insteadOf), .fallback)
      all.startsAfterAny = try decode(Bool.self, .any) ?? false
      guard !all.startsAfterAny || !all.isEmpty else {
        throw CommandFailure.usage("'any' belongs to 'after', 'afterEnd' or 'afterFailure'")
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
          throw CommandFailure.usage("'\(key.rawValue)' has \(value.kind): give labels, numbers or ids")
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
        throw CommandFailure.usage("'\(key.rawValue)' does not fit: \(error.summary)")
      }
    }

    private func named<Value>(_ key: Key, _ parse: () throws -> Value) throws -> Value {
      do { return try parse() } catch let failure as CommandFailure {
        throw CommandFailure.usage("'\(key.rawValue)': \(failure.message)")
      }
    }
  }
}

/// Any key of an object.
private struct AnyKey: CodingKey {
  var stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
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
