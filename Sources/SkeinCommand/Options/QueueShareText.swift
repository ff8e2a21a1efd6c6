internal import ArgumentParser
internal import SkeinJobs

/// A queue and its weight as people type them: `mail` or `mail=3`.
enum QueueShareText {
  @Sendable static func parse(_ text: String) throws -> WorkerOptions.QueueShare {
    guard let mark = text.lastIndex(of: "=") else { return WorkerOptions.QueueShare(text) }
    guard let weight = Int(text[text.index(after: mark)...]) else {
      throw ValidationError("'\(text)' is no queue with a weight: write mail or mail=3")
    }
    return WorkerOptions.QueueShare(String(text[..<mark]), weight: weight)
  }
}
