import SkeinTesting
package import Testing

/// Fails a test that leaves threads behind.
package struct LeavesNoThreads: TestTrait, SuiteTrait, TestScoping {
  package let isRecursive = true

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
  ) async throws {
    try await withThreadLeakCheck { try await function() }
  }
}

extension Trait where Self == LeavesNoThreads {
  package static var leavesNoThreads: Self { LeavesNoThreads() }
}
