import Logging
import SkeinSync

/// What was logged, for a test that waits for it.
final class TestLog: Sendable {
  private let lines = Lock<[String]>([], name: "test log")

  var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

  func contains(_ part: String) -> Bool { lines.withLock { $0.contains { $0.contains(part) } } }

  private struct Handler: LogHandler {
    let log: TestLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let details = event.metadata.map { " \($0)" } ?? ""
      log.lines.withLock { $0.append("\(event.level): \(event.message)\(details)") }
    }
  }
}
