public import SkeinProcesses
internal import SkeinSync

extension Skein {
  /// Runs a program whose worker may run jobs in processes of their own; in a process that was started as a child, runs what
  /// that is for instead, and ends it.
  ///
  /// ```swift
  /// @main struct Images {
  ///   static func main() async throws {
  ///     let registry = try JobRegistry([Resize.self])
  ///     try await Skein.main(jobs: registry) {
  ///       var options = WorkerOptions()
  ///       options.isolation = .process
  ///       try await Worker(store: store, registry: registry, options: options).run()
  ///     }
  ///   }
  /// }
  /// ```
  ///
  /// Call it at the top of `main`: what stands before it is done in children as well.
  ///
  /// - Parameters:
  ///   - jobs: the jobs that processes can run: those of the workers that this program has.
  ///   - functions: what its children can run beside jobs.
  ///   - body: the program.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; `WorkNameError` when the name of a function is malformed or taken.
  public static func main<Result>(
    jobs: JobRegistry, functions: [any RemoteFunction.Type] = [], _ body: () async throws -> Result
  ) async throws -> Result {
    JobProcessFunction.registry.withLock { $0 = jobs }
    return try await main([JobProcessFunction.self] + functions, body)
  }
}
