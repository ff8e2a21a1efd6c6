internal import CSkein
internal import Glibc
internal import HTTPTypes
internal import Logging
internal import SkeinNetwork
internal import SkeinSync
internal import Synchronization

/// Where no token is asked for, answers 403 to other users of this machine than the one who runs the dashboard, and root: who
/// can submit jobs runs programs as that one.
final class SameUser: Middleware {
  /// Where the server listens, once it does.
  private let place = Lock<TCPEndpoint?>(nil, name: "dashboard place")
  private let hasWarned = Atomic(false)

  /// Says where the server listens.
  func set(_ endpoint: TCPEndpoint) { place.withLock { $0 = endpoint } }

  func handle(
    _ request: Request, _ context: RequestContext, next: @escaping RequestHandler
  ) async throws -> Response {
    guard case .host(let host, let port) = context.remote, port > 0,
      case .host(let ownHost, let own)? = place.withLock({ $0 })
    else { return try await next(request, context) }
    var user: uid_t = 0
    // The client's end of the connection: what is this end's peer there.
    let result = skein_tcp_owner(host, UInt16(port), ownHost, UInt16(own), &user)
    switch -result {
    case 0 where user == geteuid() || user == 0: break
    case 0:
      throw HTTPError(
        .forbidden,
        "this dashboard is that of user \(geteuid()), and you are user \(user): start it with --token, and use that"
      )
    case ENOENT: throw HTTPError(.forbidden, "it is not known whose request this is")
    default:
      if !hasWarned.exchange(true, ordering: .relaxed) {
        context.logger.warning(
          "who sends requests can not be found out: every user of this machine can use the dashboard",
          metadata: ["error": "\(String(cString: strerror(-result)))"])
      }
    }
    return try await next(request, context)
  }
}
