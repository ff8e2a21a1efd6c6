/// Why a text or a value makes no schedule: the part that is wrong, what stands there, what is allowed there,
/// and what to write instead.
public struct InvalidSchedule: Error, Hashable, Sendable, CustomStringConvertible {
  /// The part that is wrong: `minute`, `day of week`, `cron expression`, `time zone`, `interval`, `anchor` or
  /// `jitter`.
  public let part: String
  /// What stands there.
  public let text: String
  /// What is wrong with it, with the values that are allowed.
  public let problem: String
  /// What to write instead.
  public let advice: String

  init(_ part: String, _ text: some StringProtocol, problem: String, advice: String) {
    self.part = part
    self.text = text.count > 80 ? text.prefix(77) + "..." : String(text)
    self.problem = problem
    self.advice = advice
  }

  /// A sentence for people.
  public var description: String { "\(part) '\(text)': \(problem); \(advice)" }
}

extension InvalidSchedule {
  /// Lets a value that is decoded be refused as a decoder's user expects it: with `DecodingError`, which names
  /// the place and says what is wrong.
  static func asCorruption<Value>(in decoder: any Decoder, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as InvalidSchedule {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: error.description, underlyingError: error))
    }
  }
}
