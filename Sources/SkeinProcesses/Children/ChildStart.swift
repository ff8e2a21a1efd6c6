internal import FoundationEssentials

/// What a parent tells a child first.
struct ChildStart: Codable {
  /// Raised with every change of what parents and children say to each other.
  static let currentProtocol = 1

  var protocolVersion = Self.currentProtocol
  var build: String?
  var fingerprint: String
  var name: String
  var parentProcessID: Int32
  var isDaemon: Bool
  var method: StartMethod
  var function: String
  /// The function's input; the open files in it come with this message.
  var input: Data
}

/// What a child tells its parent: that it has become one, and, last, what came of it.
enum ChildReport: Codable {
  case began
  case finished
  case failed(RemoteError)
  case refused(String)
}
