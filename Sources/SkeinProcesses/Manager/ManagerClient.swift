internal import CSkein
internal import Glibc
internal import SkeinSync

/// How this process talks to a manager: by connections that it keeps, each for one question at a time.
final class ManagerClient: Sendable {
  private struct State: Sendable {
    var idle: [Connection] = []
    /// The connections that have locks, which are theirs until they give them back.
    var holding: [ManagedID: Connection] = [:]
    /// In which process the connections are this one's: a fork has none.
    var forks: UInt32 = 0
  }

  /// How many connections are kept for later.
  private static let idleLimit = 8

  let door: OwnedDescriptor
  private let state = Lock(State(), internalTo: "ManagerClient")

  init(door: OwnedDescriptor) { self.door = door }

  // MARK: Connections

  private func borrow() throws -> Connection {
    let (idle, foreign) = state.withLock { state in
      guard state.forks != skein_fork_count() else { return (state.idle.popLast(), State?.none) }
      let foreign = state
      state = State(forks: skein_fork_count())
      return (nil, foreign)
    }
    // Another process' connections are closed here, and nowhere else; not under the lock.
    withExtendedLifetime(foreign) {}
    return try idle ?? ManagerDoor(door).connect()
  }

  private func giveBack(_ connection: Connection) {
    let surplus = state.withLock { state in
      guard state.idle.count < Self.idleLimit else { return true }
      state.idle.append(connection)
      return false
    }
    if surplus { connection.close() }
  }

  /// Keeps the connection of a lock until that is released.
  func hold(_ id: ManagedID, _ connection: Connection) { state.withLock { $0.holding[id] = connection } }

  /// The connection of a lock that is to be released.
  func stopHolding(_ id: ManagedID) -> Connection? {
    state.withLock { $0.forks == skein_fork_count() ? $0.holding.removeValue(forKey: id) : nil }
  }

  // MARK: Questions

  /// Asks, and takes the answer, which comes at once: it blocks the thread for as long as the manager takes.
  ///
  /// - Throws: ``ManagerError``; ``ConnectionError`` when what is asked is too long, or there is no descriptor left.
  func ask(_ request: ManagerRequest) throws -> ManagerReply {
    let (reply, connection) = try ask(request, over: nil)
    giveBack(connection)
    return reply
  }

  /// Asks over a connection that the caller has, or another one, which the caller has from then on.
  func ask(_ request: ManagerRequest, over own: Connection?) throws -> (ManagerReply, Connection) {
    let connection = try own ?? borrow()
    do {
      let reply = try connection.exchange(request)
      if case .failed(let error) = reply {
        giveBack(connection)
        throw error
      }
      return (reply, connection)
    } catch let error as ConnectionError where error.isAboutTheMessage {
      giveBack(connection)
      throw error
    } catch let error as ConnectionError {
      throw Self.translate(error, connection)
    }
  }

  private static func translate(_ error: ConnectionError, _ connection: Connection) -> any Error {
    connection.close()
    return error.meansAnEnd || error == .closed ? ManagerError.ended : error
  }

  // MARK: Waits

  /// Asks for what may take a while; blocks the thread until there is an answer, or until `timeout` has passed.
  ///
  /// - Returns: the answer, and the connection, which is the caller's.
  /// - Throws: `WaitError.timedOut`, and nothing has changed; else as `ask`.
  @available(*, noasync)
  func wait(
    for request: ManagerRequest, timeout: Duration?, at place: SourcePlace
  ) throws -> (ManagerReply, Connection) {
    let connection = try borrow()
    do {
      try connection.send(request.wire.bytes, [], at: place)
      let reply: ManagerReply
      do {
        reply = try connection.nextFrame(until: Connection.deadline(after: timeout), at: place).managerReply()
      } catch let error as WaitError {
        return (try finish(try connection.exchange(.giveUp), connection, error), connection)
      }
      return (try finish(reply, connection, nil), connection)
    } catch let error as ConnectionError where error.isAboutTheMessage {
      giveBack(connection)
      throw error
    } catch let error as ConnectionError {
      throw Self.translate(error, connection)
    }
  }

  /// Asks for what may take a while; suspends the task until there is an answer, or until the deadline has come.
  ///
  /// - Returns: the answer, and the connection, which is the caller's.
  /// - Throws: `WaitError`, and nothing has changed; else as `ask`.
  func wait<C: DeadlineClock>(
    for request: ManagerRequest, until deadline: C.Instant?, clock: C
  ) async throws -> (ManagerReply, Connection) {
    let connection = try borrow()
    do {
      do { try await connection.send(request.wire.bytes, []) } catch let error as WaitError {
        // Nothing of it was sent, or it was cut, which the manager takes for the client's end.
        connection.close()
        throw error
      }
      let reply: ManagerReply
      do {
        reply = try await connection.nextFrame(until: deadline, clock: clock).managerReply()
      } catch let error as WaitError {
        // Not cut short by the cancellation: whether the wait has changed anything has to be known.
        let last = await Task { () async -> Result<ManagerReply, any Error> in
          do {
            try await connection.send(ManagerRequest.giveUp.wire.bytes, [])
            return .success(
              try await connection.nextFrame(until: nil, clock: MonotonicClock()).managerReply())
          } catch { return .failure(error) }
        }.value
        return (try finish(try last.get(), connection, error), connection)
      }
      return (try finish(reply, connection, nil), connection)
    } catch let error as ConnectionError where error.isAboutTheMessage {
      giveBack(connection)
      throw error
    } catch let error as ConnectionError {
      throw Self.translate(error, connection)
    }
  }

  /// - Parameter cause: why the wait was given up, if it was.
  private func finish(
    _ reply: ManagerReply, _ connection: Connection, _ cause: WaitError?
  ) throws -> ManagerReply {
    switch reply {
    case .gaveUp:
      giveBack(connection)
      throw cause ?? .cancelled
    case .closed:
      giveBack(connection)
      throw WaitError.closed
    case .failed(let error):
      giveBack(connection)
      throw error
    default: return reply
    }
  }

  /// Has a wait that is over give its connection back.
  func end(_ answer: (reply: ManagerReply, connection: Connection)) -> ManagerReply {
    giveBack(answer.connection)
    return answer.reply
  }
}

extension Connection {
  /// Sends a request and takes its answer.
  @available(*, noasync)
  fileprivate func exchange(_ request: ManagerRequest) throws -> ManagerReply {
    try send(request.wire.bytes, [], at: SourcePlace())
    return try nextFrame(until: nil, at: SourcePlace()).managerReply()
  }
}

/// The managers that this process knows, by their doors.
enum ManagerClients {
  private struct Entry: Sendable {
    weak let client: ManagerClient?
  }

  private static let entries = Lock<[ino_t: Entry]>([:], internalTo: "ManagerClients")

  /// The client of the manager behind a door.
  static func client(for door: OwnedDescriptor) -> ManagerClient {
    var status = stat()
    guard fstat(door.rawValue, &status) == 0 else { return ManagerClient(door: door) }
    let client = ManagerClient(door: door)
    return entries.withLock { entries in
      // The numbers of sockets that are open differ; those of closed ones may come again. The end of a client, which may
      // come here, does not come back to the lock.
      if let earlier = entries[status.st_ino]?.client { return earlier }
      entries = entries.filter { $0.value.client != nil }
      entries[status.st_ino] = Entry(client: client)
      return client
    }
  }
}
