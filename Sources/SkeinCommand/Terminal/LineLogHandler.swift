internal import FoundationEssentials
internal import Logging
internal import SkeinJobForms
internal import SkeinWork

/// Writes a log line as `time level message key=value …` to standard error, or as a JSON object.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  private let isJSON: Bool

  init(level: Logger.Level, isJSON: Bool) {
    logLevel = level
    self.isJSON = isJSON
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let values = metadata.merging(event.metadata ?? [:]) { $1 }
    Console.shared.note(isJSON ? json(event, values) : Self.line(event, values))
  }

  /// The line for people.
  static func line(_ event: LogEvent, _ values: Logger.Metadata, at time: Date = Date()) -> String {
    let pairs = values.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
    let level = Text.padded(event.level.rawValue, to: 7)
    return Text.printable("\(TimeText.exact(time)) \(level) \(event.message)\(pairs)")
  }

  private static func quoted(_ value: String) -> String {
    let isPlain = !value.isEmpty && !value.contains { $0 == " " || $0 == "\"" || $0 == "=" || $0.isNewline }
    return isPlain ? value : "\"" + value.replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
  }

  private func json(_ event: LogEvent, _ values: Logger.Metadata) -> String {
    struct Line: Encodable {
      var time: Date
      var level: String
      var message: String
      var metadata: [String: String]
    }
    let line = Line(
      time: Date(), level: event.level.rawValue, message: "\(event.message)",
      metadata: values.mapValues { "\($0)" })
    return (try? JSONText.encode(line)) ?? ""
  }

  /// Makes this the handler of all loggers of the process. Only the first call counts, as swift-log allows no
  /// other.
  static func install(level: Logger.Level, isJSON: Bool) {
    LoggingSystem.bootstrap { _ in LineLogHandler(level: level, isJSON: isJSON) }
  }
}
