internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs

extension Pages {
  // MARK: Failures

  func failures() async throws -> PageContent {
    let state = await follower.ready()
    let failures = try await Failures(of: queue, state.tally)
    let rows: [[HTML]] = failures.groups.map { group in
      let jobs: [HTML] = group.jobs.prefix(5).map { "\(Elements.link($0.sequence)) " }
      let count = group.jobs.count
      let retry = Elements.button(
        "Retry", posts: "/failures/\(group.key)/retry",
        question: "Retry \(count == 1 ? "this job" : "these \(count) jobs")?", kind: "small")
      return [
        "\(Elements.number(count))", "\(group.name)",
        "<span class=\"error\"><b>\(group.type)</b> \(group.message)</span>",
        Elements.time(group.latest), HTML(jobs), canChange ? retry : "",
      ]
    }
    let note: HTML =
      failures.total > failures.looked
      ? "<p class=\"note\">Of the latest \(failures.looked) of \(Elements.number(failures.total)) failed jobs.</p>"
      : ""
    let table =
      rows.isEmpty
      ? Elements.empty("No job has failed.")
      : Elements.table(
        "Failures by error", ["Jobs", "Name", "Error", "Latest", "For example", ""], rows, numbers: [0])
    return PageContent(
      title: "Failures", place: "/failures",
      parts: [
        .init(
          "failures",
          "<h1>Failures</h1>\(warning(state))<p class=\"note\">By name and error; numbers in messages are <code>#</code>.</p>\(table)\(note)"
        )
      ])
  }

  // MARK: Schedules

  func schedules() async throws -> PageContent {
    let rows: [[HTML]] = try await queue.schedules().map { schedule in
      let runs: [HTML] = schedule.runs.prefix(5).map { "\(Elements.link($0.sequence)) " }
      let next: HTML =
        schedule.isPaused ? "<span class=\"badge\">paused</span>" : Elements.time(schedule.nextTick)
      return [
        "<b>\(schedule.name)</b>", "<code>\(ScheduleText.when(schedule.new.schedule))</code>",
        "\(schedule.new.job.kind.name)", "\(schedule.new.job.queue)", next, HTML(runs), buttons(schedule),
      ]
    }
    let table =
      rows.isEmpty
      ? Elements.empty(
        "No schedules. Add one: <code>skein schedule add nightly \"0 3 * * *\" -- ./backup.sh</code>")
      : Elements.table("Schedules", ["Name", "When", "Job", "Queue", "Next", "Runs", ""], rows)
    return PageContent(
      title: "Schedules", place: "/schedules", parts: [.init("schedules", "<h1>Schedules</h1>\(table)")])
  }

  private func buttons(_ schedule: ScheduleRecord) -> HTML {
    guard canChange else { return "" }
    let path = "/schedules/\(PageFrame.encoded(schedule.name).replacing("/", with: "%2F"))"
    return """
      <div class="buttons">\(Elements.button("Run now", posts: path + "/run", kind: "small"))\
      \(Elements.button(schedule.isPaused ? "Resume" : "Pause", posts: path + (schedule.isPaused ? "/resume" : "/pause"), kind: "small"))\
      \(Elements.button("Remove", posts: path + "/remove", question: "Remove the schedule \(schedule.name)?", kind: "small danger"))</div>
      """
  }

  // MARK: Workers

  func workers() async throws -> PageContent {
    let rows: [[HTML]] = try await WorkersAndJobs(of: queue).all.map { worker, jobs in
      let about = worker.description
      let held: [HTML] = jobs.prefix(20).map { job in
        let progress = job.progress.map { " \(Int($0.fraction * 100))%" } ?? ""
        return
          "<li>\(Elements.link(job.sequence)) \(job.kind.name)\(progress) <span class=\"faint\">\(Elements.time(job.startedAt))</span></li>"
      }
      let more: HTML = jobs.count > 20 ? "<li>and \(jobs.count - 20) more</li>" : ""
      let evict = Elements.button(
        "Evict", posts: "/workers/\(worker.id)/evict", question: "Give the jobs of \(about.name) to others?",
        kind: "small danger")
      return [
        "\(Int(worker.id.number))", "<b>\(about.name)</b>",
        "<span class=\"state \(worker.liveness.rawValue)\">\(worker.liveness.rawValue)</span>",
        "\(jobs.count) / \(about.concurrency)", "\(Int(about.processID))",
        "\(about.queues.isEmpty ? "all" : about.queues.joined(separator: ", "))",
        Elements.time(worker.joinedAt),
        "<ul class=\"plain\">\(held)\(more)</ul>", canChange && worker.liveness != .alive ? evict : "",
      ]
    }
    let table =
      rows.isEmpty
      ? Elements.empty("No workers: <code>skein up</code> or <code>skein worker</code> starts one.")
      : Elements.table(
        "Workers", ["Number", "Worker", "State", "Busy", "Process", "Queues", "Joined", "Runs", ""], rows,
        numbers: [0, 3, 4])
    return PageContent(
      title: "Workers", place: "/workers", parts: [.init("workers", "<h1>Workers</h1>\(table)")])
  }
}
