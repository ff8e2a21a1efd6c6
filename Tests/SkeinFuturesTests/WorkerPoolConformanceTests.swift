import SkeinFutures
import SkeinTesting
import TestPrograms
import Testing

@Suite("Worker pools keep their rules", .leavesNoThreads)
struct WorkerPoolConformanceTests {
  @Test func threadPool() async throws {
    try await exerciseWorkerPool { try ThreadPool(threads: $0) }
  }

  @Test func boundedThreadPool() async throws {
    try await exerciseWorkerPool { try ThreadPool(threads: $0, queueCapacity: 1000) }
  }

  @Test func parallelPool() async throws {
    try await exerciseWorkerPool { try ParallelPool(threads: $0) }
  }
}
