/// What a server is asked for, by how many connections at once, and with how many threads.
struct WebCase: Hashable, Codable {
  enum Work: String, Codable, CaseIterable {
    case text, json, routed, closing
    case file1k = "file-1k"
    case file100k = "file-100k"
    case file10m = "file-10m"

    var path: String {
      switch self {
      case .text, .closing: "/plaintext"
      case .json: "/json"
      case .routed: "/api/users/42/posts"
      case .file1k: "/files/1k.bin"
      case .file100k: "/files/100k.bin"
      case .file10m: "/files/10m.bin"
      }
    }

    var title: String {
      switch self {
      case .text: "A text of 14 bytes"
      case .json: "A small JSON document, encoded for each request"
      case .routed: "A route with a parameter among a dozen, behind three middlewares"
      case .closing: "A text of 14 bytes, a connection for each request"
      case .file1k: "A file of 1 KiB"
      case .file100k: "A file of 100 KiB"
      case .file10m: "A file of 10 MiB"
      }
    }
  }

  var work: Work
  var connections: Int
  var threads: Int

  var name: String { "\(work.rawValue).\(connections)" + (threads == 1 ? "" : ".\(threads)-threads") }

  /// How long it is measured: some of the time goes by until ten thousand connections are there.
  func seconds(_ usual: Double) -> Double { connections < 10_000 ? usual : max(usual, 3) }

  static let all: [WebCase] = {
    let main = [Work.text, .json].flatMap { work in
      [(64, 1), (1000, 1), (10_000, 1), (64, 2), (1000, 2), (10_000, 2)].map {
        WebCase(work: work, connections: $0, threads: $1)
      }
    }
    let others = [Work.routed, .closing, .file1k, .file100k, .file10m].map {
      WebCase(work: $0, connections: 64, threads: 1)
    }
    return main + others
  }()
}
