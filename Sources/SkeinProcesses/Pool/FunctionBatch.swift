internal import SkeinWork

/// Several calls of one function that travel as one.
struct FunctionBatch<Function: RemoteFunction>: RemoteFunction {
  static var name: String { FunctionBatchName.prefix + Function.name }
  static var payloadVersion: Int { Function.payloadVersion }
  static var isIdempotent: Bool { Function.isIdempotent }

  var functions: [Function]

  func run() -> [CallOutcome<Function.Output>] {
    functions.map { function in
      do { return .value(try function.run()) } catch { return .error(RemoteError(error)) }
    }
  }
}

enum FunctionBatchName {
  static let prefix = "skein.batch:"

  /// The type of the batches of a function.
  static func type<Function: RemoteFunction>(of function: Function.Type) -> any RemoteFunction.Type {
    FunctionBatch<Function>.self
  }
}
