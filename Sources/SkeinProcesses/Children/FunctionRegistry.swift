public import SkeinWork

/// The functions that the processes of a program can run, by name.
///
/// - Invariant: each name has one type.
public struct FunctionRegistry: Sendable {
  private var entries = WorkRegistry<any RemoteFunction.Type>()

  /// Registers functions.
  ///
  /// - Throws: `WorkNameError` when a name is malformed or taken.
  public init(_ functions: [any RemoteFunction.Type]) throws(WorkNameError) {
    for function in functions {
      if Self.own.contains(where: { $0.name == function.name }) { throw .taken(function.name) }
      try entries.register(function, as: function.name)
    }
  }

  /// The registered names, sorted.
  public var names: [String] { entries.names }

  /// The function of a name, Skein's own included; `nil` when there is none.
  public subscript(name: String) -> (any RemoteFunction.Type)? {
    if let function = entries[name] ?? Self.own.first(where: { $0.name == name }) { return function }
    guard name.hasPrefix(FunctionBatchName.prefix) else { return nil }
    return entries[String(name.dropFirst(FunctionBatchName.prefix.count))].map {
      FunctionBatchName.type(of: $0)
    }
  }

  /// What every program's processes can run.
  private static let own: [any RemoteFunction.Type] = [
    PoolWorkerFunction.self, ManagerServer.self, DispatchWorker.self,
  ]

  /// Whether a function is registered, as this very type.
  func contains(_ function: any RemoteFunction.Type) -> Bool {
    self[function.name].map { $0 == function } ?? false
  }

  /// What two processes compare: whether they know the same functions, in the same versions.
  var fingerprint: String {
    names.map { name in "\(name)/\(entries[name]!.payloadVersion)/\(String(reflecting: entries[name]!))" }
      .joined(separator: " ")
  }
}
