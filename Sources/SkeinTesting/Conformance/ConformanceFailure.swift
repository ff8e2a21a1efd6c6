/// Which rule an implementation broke, in a conformance suite such as ``exerciseLock(reentry:limit:only:_:)``.
public struct ConformanceFailure: Error, CustomStringConvertible {
  /// What was exercised.
  public let subject: String
  /// The rule that was broken, as a clause: "only one thread is inside at a time".
  public let rule: String
  /// What was seen instead.
  public let message: String

  /// A sentence for people.
  public var description: String { "\(subject) breaks the rule that \(rule): \(message)" }
}

/// The two kinds of waiting that a primitive may offer.
public enum WaitingForm: Hashable, Sendable, CaseIterable {
  /// A task that suspends.
  case task
  /// A thread that blocks.
  case thread
}

/// One rule of a conformance suite, and what checks it.
struct Rule: Sendable {
  let text: String
  let check: @Sendable () async throws -> Void

  init(_ text: String, _ check: @escaping @Sendable () async throws -> Void) {
    self.text = text
    self.check = check
  }
}

/// Checks rules in turn, each within a limit of real time; whatever a check throws becomes a failure of its
/// rule.
///
/// A check that does not end is left behind: a thread can not be ended from outside.
///
/// - Parameter only: the one rule to check; `nil` for all.
func checkRules(of subject: String, _ rules: [Rule], limit: Duration, only: String?) async throws {
  let chosen = rules.filter { only == nil || $0.text == only }
  precondition(!chosen.isEmpty, "there is no rule that \(only ?? "") among those that apply to \(subject)")
  for rule in chosen {
    let message: String
    do {
      try await runWithin(limit, rule.check)
      continue
    } catch let error as Unmet {
      message = error.message
    } catch {
      message = "it threw \(error)"
    }
    try Task.checkCancellation()
    throw ConformanceFailure(subject: subject, rule: rule.text, message: message)
  }
}

/// What was seen against a rule.
struct Unmet: Error {
  let message: String
}

/// Makes sure of a condition that a rule consists of.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw Unmet(message: message()) }
}

/// Makes sure that `body` throws an error of the kind that is meant, and returns nothing.
func require<Value>(
  _ expectation: String, throws isExpected: (any Error) -> Bool, _ body: () async throws -> Value
) async throws {
  do {
    _ = try await body()
  } catch {
    return try require(isExpected(error), "\(expectation), but it threw \(error)")
  }
  throw Unmet(message: "\(expectation), but it returned")
}
