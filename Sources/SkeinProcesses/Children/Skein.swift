internal import CSkein
internal import SkeinWork

/// Where a program that has child processes begins.
public enum Skein {
  /// Runs a program's body; in a process that was started as a child, runs what that is for instead, and ends it.
  ///
  /// ```swift
  /// @main struct Images {
  ///   static func main() async throws {
  ///     try await Skein.main([Resize.self]) {
  ///       let child = try ChildProcess.start(Resize(path: "a.png"))
  ///       try await child.join()
  ///     }
  ///   }
  /// }
  /// ```
  ///
  /// Call it at the top of `main`: what stands before it is done in children as well.
  ///
  /// - Parameters:
  ///   - functions: what children of this program can run.
  ///   - body: the program.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; `WorkNameError` when the name of a function is malformed or taken.
  public static func main<Result>(
    _ functions: [any RemoteFunction.Type], _ body: () async throws -> Result
  ) async throws -> Result {
    try prepare(functions)
    return try await body()
  }

  /// Runs a program's body, as ``main(_:_:)``, where it is synchronous.
  @_disfavoredOverload
  @available(*, noasync)
  public static func main<Result>(
    _ functions: [any RemoteFunction.Type], _ body: () throws -> Result
  ) throws -> Result {
    try prepare(functions)
    return try body()
  }

  private static func prepare(_ functions: [any RemoteFunction.Type]) throws {
    let registry = try FunctionRegistry(functions)
    ChildProgram.prepare(registry)
    let control = skein_child_control()
    if control >= 0 { ChildRole(control: OwnedDescriptor(owning: control), registry).perform() }
  }
}
