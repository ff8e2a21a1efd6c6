import SkeinTesting
import Testing

/// Fails a test that leaves threads behind.
struct LeavesNoThreads: TestTrait, SuiteTrait, TestScoping {
  let isRecursive = true

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
  ) async throws {
    try await withThreadLeakCheck { try await function() }
  }
}

extension Trait where Self == LeavesNoThreads {
  static var leavesNoThreads: Self { LeavesNoThreads() }
}
