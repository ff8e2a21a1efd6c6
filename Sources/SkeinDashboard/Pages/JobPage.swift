internal import FoundationEssentials
internal import SkeinBuiltinJobs
internal import SkeinJobForms
internal import SkeinJobs

extension Pages {
  /// So much of the end of a log is shown; all of it is a link away.
  private static let logBytes = 64 * 1024
  /// So much of an input, or a result, is shown.
  private static let textBytes = 16 * 1024

  func job(_ record: JobRecord) async throws -> PageContent {
    let details = try await JobDetails(of: record, in: queue)
    let log = try await log(details)
    return PageContent(
      title: "Job \(record.sequence)", place: "/jobs",
      parts: [
        .init("head", head(details)), .init("facts", facts(details)), .init("attempts", attempts(details)),
        .init("log", log), .init("tree", tree(details)), .init("result", result(details)),
        .init("input", input(details)),
      ])
  }

  private func head(_ details: JobDetails) -> HTML {
    let job = details.record
    var buttons: [HTML] = []
    if canChange, [.failed, .cancelled, .expired].contains(job.state) {
      buttons.append(Elements.button("Retry", posts: "/jobs/\(job.sequence)/retry", kind: "main"))
    }
    if canChange, !job.state.isFinished, !job.life.isCancelRequested {
      buttons.append(
        Elements.button(
          "Cancel", posts: "/jobs/\(job.sequence)/cancel", question: "Cancel job \(job.sequence)?",
          kind: "danger"))
    }
    let progress: HTML? =
      job.state == .running
      ? job.progress.map { progress in
        let percent = Int(progress.fraction * 100)
        return
          "<p class=\"progress\"><progress max=\"100\" value=\"\(percent)\" aria-label=\"Progress\">\(percent)%</progress> \(percent)% \(progress.message ?? "")</p>"
      } : nil
    return """
      <div class="heading"><h1><span class="faint">Job \(job.sequence)</span> \(job.kind.name) \(Elements.state(job))</h1><div class="buttons">\(buttons)</div></div>
      \(summary(details))\(progress)
      """
  }

  private func summary(_ details: JobDetails) -> HTML? {
    guard details.record.kind.name == CommandJob.name else { return nil }
    let command = InputText.summary(name: CommandJob.name, input: details.input)
    return "<p class=\"command mono\">\(Text.cut(Text.printable(command), to: 400))</p>"
  }

  private func facts(_ details: JobDetails) -> HTML {
    let job = details.record
    let most = job.kind.retry.maximumAttempts.map { "of \($0)" } ?? "without a limit"
    func span(_ span: Duration?) -> HTML? { span.map { "\(TimeText.span($0 / .seconds(1)))" } }
    let facts: [(String, HTML?)] = [
      ("Queue", "<a href=\"/jobs?queue=\(PageFrame.encoded(job.queue))\">\(job.queue)</a>"),
      ("Priority", "\(job.priority)"),
      ("Attempts", "\(job.life.attempts + (job.state == .running ? 1 : 0)) \(most)"),
      ("Crashes", job.life.crashes > 0 ? "\(job.life.crashes)" : nil),
      ("Enqueued", Elements.time(job.enqueuedAt)),
      ("Due", job.state == .scheduled ? Elements.time(job.life.runAt) : nil),
      ("Expires", job.expiresAt.map(Elements.time)), ("Started", job.startedAt.map(Elements.time)),
      ("Ended", job.finishedAt.map(Elements.time)),
      ("Waited", job.wait.map { "\(TimeText.span($0))" }),
      ("Ran", job.finishedAt == nil ? nil : "\(TimeText.span(from: job.startedAt, to: job.finishedAt))"),
      ("Soft limit", span(job.kind.softTimeLimit)), ("Time limit", span(job.kind.hardTimeLimit)),
      ("Unique key", job.uniqueKey.map { "\($0)" }), ("Limited by", job.concurrencyKey.map { "\($0)" }),
      ("Flow", details.group.map { "<a href=\"/jobs?group=\("\($0)")\">\("\($0)")</a>" }),
      ("Id", "<code>\("\(job.id)")</code>"),
    ]
    let rows: [HTML] = facts.compactMap { name, value in
      value.map { "<div><dt>\(name)</dt><dd>\($0)</dd></div>" }
    }
    return "<dl class=\"facts\">\(rows)</dl>"
  }

  private func attempts(_ details: JobDetails) -> HTML {
    guard !details.attempts.isEmpty else { return "" }
    let rows: [[HTML]] = details.attempts.reversed().map { attempt in
      let error: HTML? = attempt.error.map { "<span class=\"error\"><b>\($0.type)</b> \($0.message)</span>" }
      let ran = TimeText.span(from: attempt.startedAt, to: attempt.endedAt)
      return [
        "\(attempt.number)", "<span class=\"state \(attempt.outcome.name)\">\(attempt.outcome.name)</span>",
        "\(attempt.worker)", Elements.time(attempt.startedAt), "\(ran.isEmpty ? "–" : ran)", error ?? "",
        "<a href=\"/api/v1/jobs/\(details.record.sequence)/attempts/\(attempt.number)/log\">log</a>",
      ]
    }
    let table = Elements.table(
      "Attempts", ["Attempt", "Outcome", "Worker", "Started", "Ran", "Error", "Log"], rows, numbers: [0, 4])
    return "<section><h2>Attempts</h2>\(table)</section>"
  }

  private func log(_ details: JobDetails) async throws -> HTML {
    guard let attempt = details.attempts.last else { return "" }
    let log = try await queue.store.log(of: details.record.sequence, attempt: attempt.number, from: 0)
    guard !log.isEmpty else { return "" }
    let all: HTML =
      "<a href=\"/api/v1/jobs/\(details.record.sequence)/attempts/\(attempt.number)/log\">all of it</a>"
    let cut: HTML = log.count > Self.logBytes ? "the last \(Self.logBytes / 1024) KiB; \(all)" : all
    let text = LogText.plain(String(decoding: log.suffix(Self.logBytes), as: UTF8.self))
    return """
      <section><div class="heading"><h2>Log of attempt \(attempt.number)</h2><span class="note">\(cut)</span></div>
      <pre class="log" tabindex="0" aria-label="Log" data-follow>\(text)</pre></section>
      """
  }

  private func tree(_ details: JobDetails) -> HTML {
    guard let tree = details.tree else { return "" }
    let lines: [HTML] = tree.lines.map { line in
      let job = tree.jobs[line.sequence]
      let notes = [line.condition.flatMap(FlowTree.note), line.isRepeated ? "see above" : nil].compactMap(
        \.self)
      let note: HTML = notes.isEmpty ? "" : " <span class=\"faint\">(\(notes.joined(separator: ", ")))</span>"
      let state: HTML = job.map(Elements.state) ?? "<span class=\"faint\">not kept any more</span>"
      let name: HTML = job.map { "\($0.kind.name)" } ?? ""
      let number: HTML =
        line.sequence == tree.shown ? "<b>\(line.sequence)</b>" : Elements.link(line.sequence)
      return
        "<li><span class=\"branch\" aria-hidden=\"true\">\(line.branch)</span>\(number) \(name) \(state)\(note)</li>"
    }
    let more: HTML = tree.jobs.count >= FlowTree.most ? "<li>… and more</li>" : ""
    return "<section><h2>Workflow</h2><ul class=\"tree\">\(lines)\(more)</ul></section>"
  }

  private func result(_ details: JobDetails) -> HTML {
    guard let result = details.result else { return "" }
    return "<section><h2>Result</h2>\(json(result))</section>"
  }

  private func input(_ details: JobDetails) -> HTML {
    "<section><h2>Input</h2>\(json(details.input))</section>"
  }

  private func json(_ data: Data) -> HTML {
    let text = JSONText.indented(data) ?? String(decoding: data, as: UTF8.self)
    guard text.utf8.count > Self.textBytes else { return "<pre tabindex=\"0\">\(text)</pre>" }
    let start = String(decoding: text.utf8.prefix(Self.textBytes), as: UTF8.self)
    return
      "<pre tabindex=\"0\">\(start)…</pre><p class=\"note\">\(Elements.number(data.count)) bytes; the API has all of it.</p>"
  }
}

/// What a program wrote to a terminal, as plain text.
enum LogText {
  /// Without the sequences that colour and move, and with only what is left where a line was written over.
  static func plain(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var scalars = text.unicodeScalars.makeIterator()
    var lineStart = result.startIndex
    var returns = false
    while let scalar = scalars.next() {
      if scalar == "\u{1b}" {
        skipSequence(&scalars)
        continue
      }
      if returns, scalar != "\n" { result.removeSubrange(lineStart...) }
      returns = scalar == "\r"
      if returns { continue }
      result.append(scalar)
      if scalar == "\n" { lineStart = result.endIndex }
    }
    return String(result)
  }

  /// Passes over the rest of an escape sequence.
  ///
  /// - Source: ECMA-48, sections 5.4 and 8.3.
  private static func skipSequence(_ scalars: inout String.UnicodeScalarView.Iterator) {
    guard let kind = scalars.next() else { return }
    switch kind {
    case "[":
      while let next = scalars.next(), !("@"..."~").contains(next) {}
    case "]":
      while let next = scalars.next(), next != "\u{07}" {
        if next == "\u{1b}" {
          _ = scalars.next()
          return
        }
      }
    default: return
    }
  }
}
