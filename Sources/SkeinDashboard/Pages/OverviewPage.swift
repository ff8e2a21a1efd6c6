internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinNetwork

extension Pages {
  private static let spans: [(String, Int64)] = [
    ("1h", 3600), ("24h", 86_400), ("7d", 7 * 86_400), ("30d", 30 * 86_400),
  ]

  func overview(_ query: URLEncodedFields) async throws -> PageContent {
    let state = await follower.ready()
    let span = Self.spans.first { $0.0 == query["span"] } ?? Self.spans[0]
    let queues = try await follower.queues(of: queue.store)
    let workers = try await queue.store.workers()
    return PageContent(
      title: "Overview", place: "/",
      parts: [
        .init("counts", "<h1 class=\"unseen\">Overview</h1>\(warning(state))\(counts(state))"),
        .init("charts", charts(state, span)),
        .init("queues", queueTable(queues)),
        .init("failures", try await latestFailures(state)),
        .init("workers", workerLine(workers)),
      ])
  }

  private func counts(_ state: JobFollower.State) -> HTML {
    let jobs = state.tally.jobsByState
    let tiles: [HTML] = JobState.byInterest.map { job in
      """
      <a class="tile \(job.name)" href="/jobs?state=\(job.name)"><span class="value">\(Elements.number(jobs[job] ?? 0))</span>
      <span class="name">\(job.name)</span></a>
      """
    }
    return "<section class=\"tiles\" aria-label=\"Jobs by state\">\(tiles)</section>"
  }

  private func charts(_ state: JobFollower.State, _ span: (String, Int64)) -> HTML {
    let series = state.history.series(span: span.1, parts: 120, now: Date())
    let perSecond = { (count: Int) in Double(count) / Double(series.step) }
    let throughput = Chart(
      title: "Throughput",
      series: [
        .init(name: "succeeded", form: .bars, values: series.buckets.map { perSecond($0.succeeded) }),
        .init(name: "failed", form: .bars, values: series.buckets.map { perSecond($0.failed) }),
        .init(name: "enqueued", form: .line, values: series.buckets.map { perSecond($0.enqueued) }),
      ], start: series.start, step: series.step, label: Elements.rate)
    func latency(_ title: String, _ histogram: (JobHistory.Bucket) -> LatencyHistogram) -> HTML {
      Chart(
        title: title,
        series: [
          .init(name: "p50", form: .line, values: series.buckets.map { histogram($0).percentile(0.5) }),
          .init(name: "p99", form: .line, values: series.buckets.map { histogram($0).percentile(0.99) }),
        ], start: series.start, step: series.step, isLogarithmic: true, label: TimeText.span,
        gridLabel: {
          $0 < 0.999 ? "\(Int(($0 * 1000).rounded()))ms" : "\(Elements.number(Int($0.rounded())))s"
        }
      ).html
    }
    let choices: [HTML] = Self.spans.map { name, seconds in
      let current: HTML = seconds == span.1 ? " aria-current=\"true\"" : ""
      return "<a href=\"/?span=\(name)\"\(current)>\(name)</a>"
    }
    return """
      <section aria-labelledby="history"><div class="heading"><h2 id="history">History <span class="note">UTC</span></h2><nav class="choices" aria-label="Span">\(choices)</nav></div>
      <div class="charts">\(throughput.html)\(latency("Wait before the start") { $0.wait })\(latency("Run time") { $0.run })</div></section>
      """
  }

  private func queueTable(_ queues: [QueueView]) -> HTML {
    guard !queues.isEmpty else {
      return """
        <section><h2>Queues</h2>\(Elements.empty("No jobs yet. Submit one: <code>skein submit -- echo hello</code>"))</section>
        """
    }
    let rows: [[HTML]] = queues.map { queue in
      let name = PageFrame.encoded(queue.name).replacing("/", with: "%2F")
      let button = Elements.button(
        queue.isPaused ? "Resume" : "Pause", posts: "/queues/\(name)/\(queue.isPaused ? "resume" : "pause")",
        kind: "small")
      let paused: HTML = queue.isPaused ? " <span class=\"badge\">paused</span>" : ""
      let counts = [JobState.running, .ready, .scheduled, .waiting, .failed].map { state -> HTML in
        let count = queue.jobs[state.name] ?? 0
        let number = Elements.number(count)
        return count == 0
          ? "<span class=\"zero\">0</span>"
          : "<a href=\"/jobs?queue=\(PageFrame.encoded(queue.name))&amp;state=\(state.name)\">\(number)</a>"
      }
      return ["<a href=\"/jobs?queue=\(PageFrame.encoded(queue.name))\">\(queue.name)</a>\(paused)"] + counts
        + [
          "\(Elements.rate(queue.rates.enqueued))", "\(Elements.rate(queue.rates.ended))",
          canChange ? button : "",
        ]
    }
    let table = Elements.table(
      "Queues", ["Queue", "Running", "Ready", "Scheduled", "Waiting", "Failed", "In", "Done", ""], rows,
      numbers: [1, 2, 3, 4, 5, 6, 7])
    return "<section><h2>Queues</h2>\(table)</section>"
  }

  private func latestFailures(_ state: JobFollower.State) async throws -> HTML {
    guard state.tally.jobsByState[.failed] ?? 0 > 0 else { return "" }
    let failures = try await Failures(of: queue, state.tally)
    let rows: [[HTML]] = failures.groups.prefix(5).map { group in
      [
        "\(Elements.number(group.jobs.count))", "\(group.name)",
        "<span class=\"clip\">\(group.type): \(group.message)</span>", Elements.time(group.latest),
      ]
    }
    return """
      <section><div class="heading"><h2>Failures</h2><a href="/failures">All</a></div>
      \(Elements.table("Failures by error", ["Jobs", "Name", "Error", "Latest"], rows, numbers: [0]))</section>
      """
  }

  private func workerLine(_ workers: [WorkerRecord]) -> HTML {
    let alive = workers.filter { $0.liveness == .alive }
    let places = alive.reduce(0) { $0 + $1.description.concurrency }
    let sick = workers.count - alive.count
    let warning: HTML =
      sick > 0 ? " <a class=\"state failed\" href=\"/workers\">\(sick) not responding</a>" : ""
    return alive.isEmpty
      ? "<section><h2>Workers</h2><p class=\"problem\">No worker runs: jobs wait until <code>skein up</code> or <code>skein worker</code> starts one.\(warning)</p></section>"
      : "<section><h2>Workers</h2><p><a href=\"/workers\">\(alive.count == 1 ? "1 worker" : "\(alive.count) workers")</a> with \(Elements.number(places)) places.\(warning)</p></section>"
  }
}
