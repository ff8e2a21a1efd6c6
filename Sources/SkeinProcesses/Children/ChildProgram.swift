internal import CSkein
internal import SkeinSync
internal import SkeinWork

/// A program whose processes can be children: an executable that calls `Skein.main`, and what its functions are.
public struct ChildProgram: Sendable {
  /// The path of the executable.
  public let executable: String
  /// The functions that both sides know.
  public let functions: FunctionRegistry
  /// Variables that its processes have beside those of this one, or with other values.
  public var environment: [String: String] = [:]

  /// Describes another executable, made of the same sources, that knows the same functions.
  public init(executable: String, functions: FunctionRegistry) {
    self.executable = executable
    self.functions = functions
  }

  /// The program of this process.
  ///
  /// - Throws: ``ProcessError/notPrepared`` when it has not called `Skein.main`.
  public static var current: ChildProgram {
    get throws(ProcessError) {
      guard let program = prepared.withLock({ $0 }) else { throw .notPrepared }
      return program
    }
  }

  /// Refuses a function that its processes do not know.
  func check(_ function: any RemoteFunction.Type) throws(ProcessError) {
    if functions.contains(function) { return }
    throw .notRegistered(function: function.name, known: functions.names)
  }

  private static let prepared = Lock<ChildProgram?>(nil, internalTo: "ChildProgram")

  /// Makes it known that this process can have children of its own kind.
  static func prepare(_ functions: FunctionRegistry) {
    // What runs, though its file may have been replaced by another build meanwhile.
    prepared.withLock { $0 = ChildProgram(executable: "/proc/self/exe", functions: functions) }
  }
}
