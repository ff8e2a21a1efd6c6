internal import SkeinSync

/// More clients than connections.
struct SemaphoreExperiment: Experiment {
  let name = "semaphore"
  let section = "16.2.2"
  let title = "ConnectionPool: five clients share two connections"
  let lesson = """
    A semaphore counts permits: as many as there are go in, the others wait and are served in the order in which \
    they came. (The chapter names a connection by the length of its list, so that two can bear one name; here \
    free ones are kept and used again.)
    """
  let uses = ["Semaphore.withPermit", "Semaphore.waiterCount"]

  private static let clients = 5
  private static let maxConnections = 2

  /// The chapter's pool.
  private final class ConnectionPool: Sendable {
    private struct State {
      var free: [String]
      var inUse = 0
      var mostInUse = 0
    }

    let semaphore: Semaphore
    private let state: Lock<State>

    init(maxConnections: Int) {
      semaphore = Semaphore(permits: maxConnections, isBounded: true, name: "ConnectionPool")
      state = Lock(
        State(free: (0..<maxConnections).reversed().map { "Connection-\($0)" }), name: "connections")
    }

    func withConnection(_ body: (String) throws -> Void) throws {
      try semaphore.withPermit {
        let connection = state.withLock { state in
          state.inUse += 1
          state.mostInUse = max(state.mostInUse, state.inUse)
          return state.free.popLast()
        }
        guard let connection else { throw CommandFailure(.jobFailed, "a permit without a connection") }
        defer {
          state.withLock { state in
            state.inUse -= 1
            state.free.append(connection)
          }
        }
        try body(connection)
      }
    }

    var mostInUse: Int { state.withLock { $0.mostInUse } }

    /// Whether every connection is in use, and as many clients wait.
    func hasQueue(of clients: Int) -> Bool {
      semaphore.waiterCount >= clients && state.withLock { $0.free.isEmpty }
    }
  }

  func run(_ notes: LabNotes) async throws {
    let pool = ConnectionPool(maxConnections: Self.maxConnections)
    let served = Lock<[Int]>([], name: "served")
    let waiting = Self.clients - Self.maxConnections
    let othersWait = Event(name: "others wait")
    try await runThreads(Self.clients, named: "Client") { index in
      let client = "Client-\(index)"
      try pool.withConnection { connection in
        let turn = served.withLock { served in
          served.append(index)
          return served.count
        }
        notes.step(client, "gets \(connection)")
        // The first two keep theirs until everybody else waits.
        if turn <= Self.maxConnections,
          waitUntil({ othersWait.isSet || pool.hasQueue(of: waiting) })
        {
          othersWait.set()
        }
        imitateWork(.milliseconds(20))
        notes.step(client, "gives \(connection) back")
      }
    }
    notes.check(
      "clients that waited while both connections were in use", is: waiting,
      observed: othersWait.isSet ? waiting : 0)
    notes.check("connections in use at once, at the most", is: Self.maxConnections, observed: pool.mostInUse)
    notes.check("clients served", is: Self.clients, observed: Set(served.withLock { $0 }).count)
    notes.check("permits free in the end", is: Self.maxConnections, observed: pool.semaphore.freePermits)
  }
}
