import Foundation
import Testing

@Suite("skein dashboard", .tags(.slow), .timeLimit(.minutes(3)))
struct DashboardToolTests {
  private static let curl = "/usr/bin/curl"

  /// Runs `up`, or `dashboard`, while a line of Bash runs, in which `$url` is the server, `$data` the queue's directory, and
  /// `get` is curl; then the process is told to end.
  private func serving(_ verb: String, _ line: String) async throws -> SkeinProgram.Run {
    try await SkeinProgram().shell(
      """
      data=$(mktemp -d); trap 'rm -rf "$data"' EXIT
      export SKEIN_DATA_DIR=$data/queue
      "$0" \(verb) --port 0 2>"$data/log" & server=$!
      for try in $(seq 400); do url=$(grep -os 'http://[^/]*' "$data/log") && break; kill -0 $server || break; sleep 0.05; done
      get() { curl --silent --max-time 60 "$@"; }
      \(line)
      kill -TERM $server; wait $server; code=$?
      sed "s#$data#DATA#; s#127.0.0.1:[0-9]*#127.0.0.1:PORT#" "$data/log" >&2
      exit $code
      """)
  }

  @Test(
    "'up' serves pages, API and metrics, and ends them when it is told to",
    .enabled(if: FileManager.default.isExecutableFile(atPath: curl)))
  func up() async throws {
    let run = try await serving(
      "up",
      """
      get "$url/api/v1/jobs" --json '{"command": "echo from the api"}' -o /dev/null -w '%{http_code} '
      "$0" wait 1 >/dev/null 2>&1
      get "$url/api/v1/jobs/1/log"
      get "$url/" | grep -c '<title>Overview'
      get "$url/metrics" | grep -c '^skein_workers{state="alive"} 1$'
      get -H 'Host: evil.example' "$url/" -o /dev/null -w '%{http_code}\\n'
      """)
    #expect(run.output == "201 from the api\n1\n1\n421\n", "\(run)")
    #expect(run.code == 0 && run.errors.contains("dashboard at http://127.0.0.1:PORT/\n"), "\(run)")
  }

  @Test(
    "the recipes of docs/dashboard.md do what they say",
    .enabled(if: FileManager.default.isExecutableFile(atPath: curl)))
  func recipes() async throws {
    let root = URL(fileURLWithPath: #filePath).appending(path: "../../../..").standardized
    let document = try String(contentsOf: root.appending(path: "docs/dashboard.md"), encoding: .utf8)
    let blocks = document.split(separator: "```").filter { $0.hasPrefix("sh\n") && $0.contains("curl") }
    let lines = blocks.flatMap { $0.split(separator: "\n").dropFirst() }.filter { $0.hasPrefix("curl ") }
    #expect(lines.count >= 20)
    let commands = lines.map { line in
      """
      echo 'recipe \(line.replacing("'", with: "").prefix(90))'
      eval "$(cat <<'END' | sed "s#@HOST@#$host#g"
      \(line.replacing("localhost:8088", with: "@HOST@").replacing("curl ", with: "curl -f -S "))
      END
      )" >"$data/answer" || echo "failed: $(cat "$data/answer")"
      """
    }
    let run = try await serving(
      "up",
      """
      host=${url#http://}
      \(commands[0])
      "$0" wait 1 >/dev/null 2>&1
      \(commands.dropFirst().joined(separator: "\n"))
      """)
    #expect(run.output.contains("recipe"), "\(run)")
    // The one that would go on for ever is ended by its time.
    let errors = run.errors.split(separator: "\n").filter {
      $0.hasPrefix("curl:") && !$0.hasPrefix("curl: (28)")
    }
    #expect(!run.output.contains("failed") && errors.isEmpty, "\(run)")
    #expect(run.output.split(separator: "\n").count == lines.count, "\(run)")
  }

  @Test(
    "at another address it makes a token, shows it once, and asks for it",
    .enabled(if: FileManager.default.isExecutableFile(atPath: curl)))
  func token() async throws {
    let run = try await serving(
      "dashboard --host 0.0.0.0 --read-only",
      """
      url=http://127.0.0.1:${url##*:}
      token=$(cat "$data/queue/dashboard-token"); stat -c %a "$data/queue/dashboard-token"
      grep -c "$token" "$data/log"
      for header in '' "Authorization: Bearer $token" 'Authorization: Bearer wrong'; do
        get -H "$header" "$url/api/v1/jobs" -o /dev/null -w '%{http_code} '
      done
      get -H "Authorization: Bearer $token" -X POST "$url/api/v1/jobs/1/cancel" -o /dev/null -w '%{http_code}\\n'
      """)
    #expect(run.output == "600\n1\n401 200 401 403\n", "\(run)")
    #expect(run.code == 0, "\(run)")
  }

  @Test(
    "Prometheus finds nothing wrong with the metrics",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool")))
  func metrics() async throws {
    let run = try await serving(
      "up",
      #""$0" submit --wait -- true 2>/dev/null; get "$url/metrics" | promtool check metrics 2>&1; echo $?"#)
    #expect(run.output == "0\n", "\(run)")
  }

  @Test(
    "another user of the machine is let in by the token alone",
    .enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")))
  func otherUser() async throws {
    let line = """
      other() { setpriv --reuid=65534 --clear-groups curl --silent -o /dev/null -w '%{http_code} ' "$@"; }
      token=$(cat "$data/queue/dashboard-token" 2>/dev/null)
      other "$url/"; other "$url/api/v1/jobs" --json '{"command": "true"}'
      other -H "Authorization: Bearer $token" "$url/metrics"
      get "$url/health" -o /dev/null -w '%{http_code}\\n'
      """
    let plain = try await serving("dashboard", line)
    #expect(plain.output == "403 403 403 200\n", "\(plain)")
    let token = try await serving("dashboard --token", line)
    #expect(token.output == "401 401 200 200\n", "\(token)")
  }

  @Test("a port that is taken ends 'dashboard', and 'up' goes on without where it was not asked for")
  func taken() async throws {
    let run = try await serving(
      "dashboard",
      """
      "$0" dashboard --port ${url##*:} 2>"$data/second"; echo $?
      "$0" up --port ${url##*:} 2>>"$data/second"; echo $?
      grep -c 'something else listens' "$data/second"
      """)
    #expect(run.output == "2\n2\n2\n", "\(run)")
  }

  @Test("what makes no sense is told at the start")
  func refusals() async throws {
    let skein = SkeinProgram()
    let port = try await skein("up", "--port", "70000")
    #expect(port.code == 64 && port.errors.contains("a port is 0 to 65535"), "\(port)")
    let host = try await skein("dashboard", "--allow-host", "http://a.org/")
    #expect(host.code == 64 && host.errors.contains("is no host name"), "\(host)")
  }
}
