import SkeinTesting
import Testing

/// Expects that a conformance suite finds the rule broken.
///
/// - Parameter isHang: whether it is broken by somebody who waits for ever, which the suite notices at its
///   limit; another fault must be seen before a generous limit.
func expectFailure(
  of rule: String, isHang: Bool, _ exercise: (_ limit: Duration) async throws -> Void
) async throws {
  let failure = await #expect(throws: ConformanceFailure.self) {
    try await exercise(isHang ? .milliseconds(100) : .seconds(180))
  }
  #expect(failure?.rule == rule)
  #expect(failure?.message.contains("has not ended") == isHang, "\(failure?.message ?? "")")
}
