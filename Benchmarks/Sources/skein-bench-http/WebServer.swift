import BenchReport
import Foundation

/// A server, as a program that is started for a case.
struct WebServer {
  var name: String
  /// What it can be asked for.
  var works: Set<WebCase.Work>
  /// Why it is not measured; `nil` when it is.
  var trouble: String?
  /// Of what it is made of, where that is known.
  var version: String?
  /// How it is started: a program and its arguments.
  var command: (_ port: Int, _ threads: Int, _ root: String, _ folder: String) throws -> [String]

  private static let simple: Set<WebCase.Work> = [.text, .json, .closing]
  private static let files: Set<WebCase.Work> = [.file1k, .file100k, .file10m]
  private static let all = Set(WebCase.Work.allCases)

  /// All of them, with what each needs.
  static func all(in places: Places) -> [WebServer] {
    let versions = Versions(places: places)
    return [
      program("skein", all, [places.server], nil),
      nginx("nginx", all.subtracting([.routed]), versions),
      nginx("nginx-open-files", files, versions, extra: "open_file_cache max=1000;"),
      program("nio", simple, [places.swiftPeers + "/nio-http-server"], versions.swift("swift-nio")),
      program(
        "hummingbird", all, [places.swiftPeers + "/hummingbird-http-server"], versions.swift("hummingbird")),
      program(
        "flyingfox", simple.union(files), [places.swiftPeers + "/flyingfox-http-server"],
        versions.swift("flyingfox")),
      program("go", all, [places.peers + "/http-go/peer"], versions.go),
      python("aiohttp", all, places, versions.python(["aiohttp"])),
      python("uvicorn", simple, places, versions.python(["uvicorn", "uvloop", "httptools"])),
    ]
  }

  /// Its name and version.
  var made: String? { version.map { "\(name) \($0)" } }

  /// Whether a name that was asked for means it: nginx has two rows.
  func isCalled(_ word: String) -> Bool { name == word || name.hasPrefix(word + "-") }

  private static func program(
    _ name: String, _ works: Set<WebCase.Work>, _ command: [String], _ version: String?
  ) -> WebServer {
    let isHere = FileManager.default.isExecutableFile(atPath: command[0])
    return WebServer(name: name, works: works, trouble: isHere ? nil : absence, version: version) {
      port, threads, root, _ in
      command + ["--port", "\(port)", "--threads", "\(threads)", "--root", root]
    }
  }

  /// A program of Python's whose packages have no version is without them.
  private static func python(
    _ name: String, _ works: Set<WebCase.Work>, _ places: Places, _ version: String?
  ) -> WebServer {
    var server = program(name, works, [places.python, "\(places.sources)/\(name)_server.py"], version)
    if version == nil { server.trouble = absence }
    return server
  }

  private static let absence =
    "skipped, not here or not built; './bench --install-peers=http' gets what it needs"

  private static func nginx(
    _ name: String, _ works: Set<WebCase.Work>, _ versions: Versions, extra: String = ""
  ) -> WebServer {
    let path = ["/usr/sbin/nginx", "/usr/bin/nginx"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    return WebServer(
      name: name, works: works, trouble: path == nil ? absence : nil,
      version: extra.isEmpty ? path.flatMap(versions.nginx) : nil
    ) { port, threads, root, folder in
      let file = "\(folder)/\(name).conf"
      let text = configuration(port, threads, root, folder, extra)
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      return [path!, "-c", file, "-e", "\(folder)/nginx.log"]
    }
  }

  private static func configuration(
    _ port: Int, _ threads: Int, _ root: String, _ folder: String, _ extra: String
  ) -> String {
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
      "\($0)_temp_path \(folder)/\($0);"
    }
    return """
      daemon off; pid \(folder)/nginx.pid; worker_processes \(threads); worker_rlimit_nofile 20000;
      events { worker_connections 16000; }
      http {
        access_log off; keepalive_requests 100000000; sendfile on; tcp_nopush on; \(extra)
        \(places.joined(separator: " "))
        server {
          listen 127.0.0.1:\(port) backlog=4096 reuseport;
          location = /plaintext { default_type text/plain; return 200 "Hello, World!\\n"; }
          location = /json { default_type application/json; return 200 '{"message":"Hello, World!"}'; }
          location /files/ { root \(root); }
        }
      }
      """
  }
}
