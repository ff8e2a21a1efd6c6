import Glibc
import Logging
import NIOCore
import SkeinSync

/// Connects, sends something, and resets the connection.
func breakOff(port: Int, sending text: String = "a") throws {
  struct Failed: Error {}
  let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  let isConnected = try SocketAddress(ipAddress: "127.0.0.1", port: port).withSockAddr {
    connect(socket, $0, socklen_t($1)) == 0
  }
  guard isConnected, send(socket, text, text.utf8.count, 0) == text.utf8.count else { throw Failed() }
  var lingering = linger(l_onoff: 1, l_linger: 0)
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
  close(socket)
}

/// Keeps what is logged.
struct CollectingLog: LogHandler {
  let lines: Lock<[String]>
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.warning

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    lines.withLock { [text = "\(event.message) \(all)"] in $0.append(text) }
  }
}
