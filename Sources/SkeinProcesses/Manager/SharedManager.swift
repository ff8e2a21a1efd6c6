internal import SkeinSync

/// A process that holds dictionaries, lists, counters, locks and queues for others, which use them by proxies.
///
/// ```swift
/// let manager = try SharedManager()
/// let scores = try manager.makeDictionary(String.self, Int.self)
/// let child = try ChildProcess.start(Play(scores: scores))
/// try await child.join()
/// print(try scores.contents())
/// ```
///
/// A proxy can be sent to any process, and used there from any thread and task. When a process dies, the locks that it had
/// are given to the next, and its waits end; the objects stay. They go with the manager: when it is shut down, when nothing
/// refers to it any more, and when the process that made it ends.
///
/// Values are encoded as MessagePack and kept as such. For numbers and bytes that many processes change often, shared memory
/// is faster by far (``SharedArray``, ``SharedCounter``, ``SharedQueue``).
///
/// - Invariant: each operation on an object is done as a whole, in one order for all processes.
/// - Source: behaviour after CPython's `multiprocessing.Manager`, whose locks stay with a process that died.
public final class SharedManager: Sendable {
  /// The process that holds the objects.
  public let process: ChildProcess
  private let client: ManagerClient

  /// Starts a manager.
  ///
  /// - Parameters:
  ///   - name: what its process is called; by default its function's name with a number.
  ///   - method: how its process comes to be.
  ///   - program: which program it runs; `nil` for this one.
  /// - Throws: ``ProcessError``.
  public init(
    name: String? = nil, method: StartMethod = .standard, program: ChildProgram? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) throws {
    let (mine, theirs) = try OwnedDescriptor.makeProcessLine()
    process = try ChildProcess.start(
      ManagerServer(door: theirs), name: name, isDaemon: true, method: method, program: program,
      errors: nil, at: SourcePlace(file, line))
    client = ManagerClients.client(for: mine)
  }

  deinit { shutdown() }

  /// Ends the manager's process, and with it all that it holds: whoever uses a proxy from then on, or waits, gets
  /// ``ManagerError/ended``. Ending it again changes nothing.
  public func shutdown() { process.kill() }

  // MARK: Objects

  /// Makes a dictionary.
  ///
  /// - Parameters:
  ///   - key: what its keys are. They are the same key when they are encoded alike.
  ///   - value: what its values are.
  /// - Throws: ``ManagerError/ended``; ``ConnectionError/system(_:)`` when there is no descriptor left.
  public func makeDictionary<Key, Value>(
    _ key: Key.Type = Key.self, _ value: Value.Type = Value.self
  ) throws -> ManagedDictionary<Key, Value> {
    ManagedDictionary(reference: try make(.makeDictionary))
  }

  /// Makes a namespace: a dictionary of names, whose values may be of different types.
  ///
  /// - Throws: as ``makeDictionary(_:_:)``.
  public func makeNamespace() throws -> ManagedNamespace {
    ManagedNamespace(reference: try make(.makeDictionary))
  }

  /// Makes a list.
  ///
  /// - Parameter elements: what it begins with.
  /// - Throws: `EncodingError`; else as ``makeDictionary(_:_:)``.
  public func makeList<Element>(_ elements: [Element] = []) throws -> ManagedList<Element> {
    let list = ManagedList<Element>(reference: try make(.makeList))
    if !elements.isEmpty { try list.append(contentsOf: elements) }
    return list
  }

  /// Makes a counter.
  ///
  /// - Throws: as ``makeDictionary(_:_:)``.
  public func makeCounter(_ value: Int = 0) throws -> ManagedCounter {
    ManagedCounter(reference: try make(.makeCounter(value)))
  }

  /// Makes a lock.
  ///
  /// - Throws: as ``makeDictionary(_:_:)``.
  public func makeLock() throws -> ManagedLock { ManagedLock(reference: try make(.makeLock)) }

  /// Makes a queue.
  ///
  /// - Parameters:
  ///   - element: what its items are.
  ///   - capacity: how many it holds at the most; `nil` for no limit.
  /// - Throws: ``ManagerError/invalidCapacity(_:)``; else as ``makeDictionary(_:_:)``.
  public func makeQueue<Element>(
    of element: Element.Type = Element.self, capacity: Int? = nil
  ) throws -> ManagedQueue<Element> {
    ManagedQueue(reference: try make(.makeQueue(capacity: capacity)))
  }

  private func make(_ request: ManagerRequest) throws -> ManagedReference {
    guard case .made(let id) = try client.ask(request) else { throw ConnectionError.malformed }
    return ManagedReference(client, id)
  }
}
