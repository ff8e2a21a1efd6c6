// A call that fails now and then is repeated, with pauses that grow; what can not be cured is not.

import SkeinResilience

struct ServerBusy: Error {}
struct PageUnknown: PermanentError {}

let policy = RetryPolicy(
  backoff: .exponential(initial: .milliseconds(10), multiplier: 2), cap: .seconds(1), maximumAttempts: 4)

let page = try await retry(policy, onRetry: { print("attempt \($0.attempt) failed, pause \($0.delay)") }) {
  attempt in
  if attempt < 3 { throw ServerBusy() }
  return "the page, after \(attempt) attempts"
}
print(page)

do {
  try await retry(policy) { _ in throw PageUnknown() }
} catch {
  print("not repeated: \(ErrorName.of(error))")
}

// The same decision for attempts that are kept as data, such as the rows of a job queue.
var generator = SystemRandomNumberGenerator()
let decision = policy.decision(
  afterAttempt: 4, errorName: "ServerBusy", isPermanent: false, elapsed: .seconds(1), previousDelay: nil,
  using: &generator)
print(decision)
