import SkeinTesting
import Testing

/// Makes sure after each test that it has left no thread behind.
struct LeavesNoThreads: TestTrait, SuiteTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    // A suite as a whole, and a test with all its cases, are checked case by case.
    guard testCase != nil else { return try await function() }
    try await withThreadLeakCheck { try await function() }
  }
}

extension Trait where Self == LeavesNoThreads {
  static var leavesNoThreads: Self { LeavesNoThreads() }
}
