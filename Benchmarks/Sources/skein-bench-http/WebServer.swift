import Foundation

/// A server, as a program that is started for a case.
struct WebServer {
  var name: String
  /// What it can be asked for.
  var works: Set<WebCase.Work>
  /// Why it is not measured; `nil` when it is.
  var trouble: String?
  /// How it is started: a program and its arguments.
  var command: (_ port: Int, _ threads: Int, _ root: String, _ folder: String) throws -> [String]

  private static let simple: Set<WebCase.Work> = [.text, .json, .closing]
  private static let files: Set<WebCase.Work> = [.file1k, .file100k, .file10m]
  private static let all = Set(WebCase.Work.allCases)

  /// All of them, with what each needs.
  static func all(in places: Places) -> [WebServer] {
    [
      program("skein", all, places.server, []),
      nginx(name: "nginx", all.subtracting([.routed]), cachesFiles: false),
      nginx(name: "nginx-open-files", files, cachesFiles: true),
      program("nio", simple, places.swiftPeers + "/nio-http-server", []),
      program("hummingbird", all, places.swiftPeers + "/hummingbird-http-server", []),
      program(
        "flyingfox", simple.union(files), places.swiftPeers + "/flyingfox-http-server", []),
      program("go", all, places.peers + "/http-go/peer", []),
      program("aiohttp", all, places.python, ["\(places.sources)/aiohttp_server.py"]),
      program("uvicorn", simple, places.python, ["\(places.sources)/uvicorn_server.py"]),
    ]
  }

  private static func program(
    _ name: String, _ works: Set<WebCase.Work>, _ path: String, _ arguments: [String]
  ) -> WebServer {
    let isHere = FileManager.default.isExecutableFile(atPath: path)
    return WebServer(
      name: name, works: works,
      trouble: isHere ? nil : "not here, or not built: './bench --install-peers=http' gets what it needs"
    ) { port, threads, root, _ in
      [path] + arguments + ["--port", "\(port)", "--threads", "\(threads)", "--root", root]
    }
  }

  private static func nginx(name: String, _ works: Set<WebCase.Work>, cachesFiles: Bool) -> WebServer {
    let path = ["/usr/sbin/nginx", "/usr/bin/nginx"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    return WebServer(
      name: name, works: works,
      trouble: path == nil ? "not here: './bench --install-peers=http' gets it" : nil
    ) { port, threads, root, folder in
      let text = configuration(port, threads, root, folder, cachesFiles ? "open_file_cache max=1000;" : "")
      let file = "\(folder)/\(name).conf"
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
