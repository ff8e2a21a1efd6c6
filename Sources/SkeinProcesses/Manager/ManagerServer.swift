internal import CSkein
internal import FoundationEssentials
internal import Glibc
internal import SkeinSync
internal import SkeinThreads
internal import SkeinWork

/// What the process of a manager does: it takes in connections at its door, and serves each on a thread of its own, until
/// nobody is left who could come.
struct ManagerServer: RemoteFunction {
  static let name = "skein.manager"

  var door: OwnedDescriptor

  @available(*, noasync)
  func run() throws -> Nothing {
    Self.allowManyDescriptors()
    let sessions = ManagerSessions()
    while let socket = try ManagerDoor(door).nextComer() { sessions.begin(socket) }
    return Nothing()
  }

  /// As many as the system lets it have: each connection is one.
  private static func allowManyDescriptors() {
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(files, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(files, &limit)
  }
}

/// The connections of a manager's clients.
final class ManagerSessions: Sendable {
  private typealias Session = ManagerState.Session

  private struct State: Sendable {
    var manager = ManagerState()
    var lastSession: Session = 0
    var connections: [Session: Connection] = [:]
  }

  private let state = Lock(State(), internalTo: "ManagerSessions")

  /// Serves a connection on a thread of its own until it ends.
  func begin(_ socket: OwnedDescriptor) {
    let connection = Connection(socket)
    let session = state.withLock { state in
      state.lastSession += 1
      state.connections[state.lastSession] = connection
      return state.lastSession
    }
    do {
      _ = try OSThread.start(name: "skein-manager", isDaemon: true) { [self] in
        serve(connection, session)
        end(connection, session)
      }
    } catch {
      // There is no thread left: its client finds the connection closed, and what others have stays.
      end(connection, session)
    }
  }

  @available(*, noasync)
  private func end(_ connection: Connection, _ session: Session) {
    connection.close()
    deliver(
      state.withLock { state in
        state.connections[session] = nil
        return state.manager.end(session)
      }, for: session)
  }

  /// Until the client has gone, or what it says can not be understood.
  @available(*, noasync)
  private func serve(_ connection: Connection, _ session: Session) {
    while let frame = try? connection.nextFrame(until: nil, at: SourcePlace()),
      let request = ManagerWire(frame.bytes).flatMap({ ManagerRequest($0) })
    {
      deliver(state.withLock { $0.manager.perform(request, from: session) }, for: session)
    }
  }

  // MARK: Answers

  /// Above this, an answer may have to wait until the client reads.
  private static let quickBytes = 1 << 15

  @available(*, noasync)
  private func deliver(_ deliveries: [ManagerState.Delivery], for session: Session) {
    for delivery in deliveries {
      let connection = state.withLock { $0.connections[delivery.session] }
      let message = delivery.reply.wire.bytes
      if delivery.session == session || message.count <= Self.quickBytes {
        send(message, over: connection, delivery)
      } else {
        // Another client, which may have stopped, does not hold up this one.
        let answering = try? OSThread.start(name: "skein-answer", isDaemon: true) { [self] in
          send(message, over: connection, delivery)
        }
        if answering == nil { send(message, over: connection, delivery) }
      }
    }
  }

  @available(*, noasync)
  private func send(_ message: Data, over connection: Connection?, _ delivery: ManagerState.Delivery) {
    do {
      guard let connection else { throw ConnectionError.ended }
      try connection.send(message, [], at: SourcePlace())
    } catch {
      deliver(state.withLock { $0.manager.restore(delivery) }, for: delivery.session)
    }
  }
}
