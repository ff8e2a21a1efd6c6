internal import FoundationEssentials
internal import SkeinBuiltinJobs
internal import SkeinJobForms
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
  /// - Throws: ``JobQueueError`` that names the line.
  static func parse(_ line: LineReader.Line, command: CommandJob) throws -> JobRequest? {
    do {
      guard let text = String(validating: line.bytes, as: UTF8.self) else {
        throw JobQueueError.invalidInput("it is no UTF-8 text")
      }
      guard let first = text.first(where: { !$0.isWhitespace }) else { return nil }
      var request =
        first == "{"
        ? try JobRequest(json: line.bytes, command: command, isLocal: true) : try shell(text, command)
      request.line = line.number
      return request
    } catch let error as JobQueueError {
      throw JobQueueError(error.code, "line \(line.number): \(error.message)")
    }
  }

  private static func shell(_ text: String, _ command: CommandJob) throws -> JobRequest {
    var command = command
    command.arguments = ["/bin/sh", "-c", text]
    return try JobRequest(command)
  }

}
