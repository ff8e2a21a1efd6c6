internal import NIOCore

/// Where a server listens, or what is at the other end of a connection.
public enum TCPEndpoint: Hashable, Sendable, CustomStringConvertible {
  /// A host, by its name or its address, and a port.
  case host(String, port: Int)
  /// A Unix socket, by its path.
  case unix(path: String)

  /// As people write it: `127.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`.
  public var description: String {
    switch self {
    case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// The port; `nil` for a Unix socket.
  public var port: Int? { if case .host(_, let port) = self { port } else { nil } }

  var hostName: String { if case .host(let host, _) = self { host } else { description } }

  init(_ address: SocketAddress?) {
    switch address {
    case .unixDomainSocket?: self = .unix(path: address?.pathname ?? "")
    default: self = .host(address?.ipAddress ?? "", port: address?.port ?? 0)
    }
  }
}
