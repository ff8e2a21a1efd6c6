import BenchReport
import Foundation

/// Sockets on 127.0.0.1.
enum Loopback {
  static func freePort() throws -> Int {
    let port = withSocket { socket, address -> Int? in
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isBound = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
        }
      }
      return isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
    guard let port else { throw BenchmarkError("there is no free port") }
    return port
  }

  /// The status of the answer to a GET; `nil` when there is none within two seconds.
  static func status(of path: String, port: Int) -> Int? {
    withSocket { socket, address -> Int? in
      address.sin_port = UInt16(port).bigEndian
      var limit = timeval(tv_sec: 2, tv_usec: 0)
      setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      let isConnected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      guard isConnected else { return nil }
      let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
      guard send(socket, request, request.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else { return nil }
      return status(readFrom: socket)
    }
  }

  /// Reads the first line: "HTTP/1.1 200 OK".
  private static func status(readFrom socket: Int32) -> Int? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 100, recv(socket, &byte, 1, 0) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
    let words = String(decoding: line, as: UTF8.self).split(separator: " ")
    return words.count > 1 ? Int(words[1]) : nil
  }

  private static func withSocket<Value>(_ body: (Int32, inout sockaddr_in) -> Value?) -> Value? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return body(descriptor, &address)
  }
}
