internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Why a server can not listen, or a connection was not made.
public enum NetworkError: Error, Hashable, Sendable {
  /// Something else listens there.
  case inUse(TCPEndpoint)
  /// The system does not let it listen there, with this error number.
  case cannotListen(TCPEndpoint, Int32)
  /// Nobody knows the host's address.
  case unknownHost(String)
  /// Nobody listens there, or the system does not let it connect, with this error number.
  case cannotConnect(TCPEndpoint, Int32)
  /// There was no answer in time.
  case noAnswer(TCPEndpoint, Duration)
}

extension NetworkError: CustomStringConvertible {
  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .inUse(let endpoint): "something else listens at \(endpoint): stop it, or take another port"
    case .cannotListen(let endpoint, let number):
      "it is not possible to listen at \(endpoint): \(systemMessage(number))"
        + (number == EACCES
          ? "; ports below 1024 need a privilege, and a socket's folder has to be writable" : "")
    case .unknownHost(let host):
      "the address of “\(host)” is not known: look at the spelling, and at the network"
    case .cannotConnect(let endpoint, let number):
      "there is no connection to \(endpoint): \(systemMessage(number))"
    case .noAnswer(let endpoint, let time): "\(endpoint) did not answer within \(time)"
    }
  }

  /// What NIO says about a connection to be made.
  init?(connecting endpoint: TCPEndpoint, _ error: any Error, after timeout: Duration) {
    switch error {
    case let error as NIOConnectionError:
      if let number = error.connectionErrors.lazy.compactMap({ ($0.error as? IOError)?.errnoCode }).first {
        self = .cannotConnect(endpoint, number)
      } else if error.connectionErrors.contains(where: { $0.error is ChannelError }) {
        self = .noAnswer(endpoint, timeout)
      } else {
        self = .unknownHost(error.host)
      }
    case ChannelError.connectTimeout: self = .noAnswer(endpoint, timeout)
    case let error as IOError: self = .cannotConnect(endpoint, error.errnoCode)
    case is SocketAddressError, is SocketAddressError.UnknownHost: self = .unknownHost(endpoint.hostName)
    default: return nil
    }
  }

  /// What NIO says about a place to listen at.
  init?(listeningAt endpoint: TCPEndpoint, _ error: any Error) {
    switch error {
    case let error as IOError where error.errnoCode == EADDRINUSE: self = .inUse(endpoint)
    case let error as IOError: self = .cannotListen(endpoint, error.errnoCode)
    case is SocketAddressError, is SocketAddressError.UnknownHost: self = .unknownHost(endpoint.hostName)
    default: return nil
    }
  }
}
