internal import FoundationEssentials
internal import HTTPTypes
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinNetwork

extension Pages {
  func jobs(_ address: String) async throws -> PageContent {
    let fields = Request(.get, address).query
    let query = try JobQuery(fields, passesOverEmpty: true)
    let state = await follower.ready()
    let page = try await query.page(of: queue, state.tally)
    let inputs = try await queue.store.payloads(of: page.jobs.map(\.sequence))
    let queues = try await queue.store.queues().keys.sorted()
    return PageContent(
      title: "Jobs", place: "/jobs",
      parts: [
        .init("filter", form(query, fields, queues: queues, names: state.tally.jobNames)),
        .init("jobs", "\(warning(state))\(list(page, inputs, query, fields))"),
      ])
  }

  private func form(_ query: JobQuery, _ fields: URLEncodedFields, queues: [String], names: [String]) -> HTML
  {
    let given = fields["state"] ?? ""
    let states: [HTML] = (["", "unfinished"] + JobState.byInterest.map(\.name)).map {
      Self.option($0, $0.isEmpty ? "any state" : $0, selected: given)
    }
    func choice(_ name: String, _ any: String, _ all: [String], _ selected: String?) -> HTML {
      let options: [HTML] = all.prefix(500).map { Self.option($0, $0, selected: selected ?? "") }
      return
        "<label><span>\(name)</span><select name=\"\(name)\"><option value=\"\">\(any)</option>\(options)</select></label>"
    }
    return """
      <h1>Jobs</h1>
      <form class="filter" method="get" action="/jobs" role="search">
      <label><span>state</span><select name="state">\(states)</select></label>
      \(choice("queue", "any queue", queues, query.filter.queue))
      \(choice("name", "any name", names, query.filter.name))
      <label class="wide"><span>search</span><input type="search" name="q" value="\(query.text ?? "")" placeholder="input, key, error, number or id" id="search"></label>
      <button>Show</button>
      </form>
      """
  }

  private static func option(_ value: String, _ title: String, selected: String) -> HTML {
    let mark: HTML = value == selected ? " selected" : ""
    return "<option value=\"\(value)\"\(mark)>\(title)</option>"
  }

  private func list(
    _ page: JobQuery.Page, _ inputs: [Int64: JobPayload], _ query: JobQuery, _ fields: URLEncodedFields
  ) -> HTML {
    let table = jobTable(page.jobs, inputs: inputs)
    let searched: HTML? = page.searchedTo.map { "<p class=\"note\">Searched back to job \($0).</p>" }
    var links: [HTML] = []
    if query.before != nil { links.append("<a href=\"\(Self.address(fields, cursor: nil))\">Latest</a>") }
    if let next = page.next {
      links.append(
        "<a rel=\"next\" href=\"\(Self.address(fields, cursor: next))\">\(page.searchedTo == nil ? "Earlier" : "Search on")</a>"
      )
    }
    let empty = page.jobs.isEmpty ? Elements.empty("There are no such jobs.") : table
    return "\(empty)\(searched)<nav class=\"pages\" aria-label=\"Pages\">\(links)</nav>"
  }

  private static func address(_ fields: URLEncodedFields, cursor: Int64?) -> String {
    var pairs = fields.filter { $0.name != "cursor" && !$0.value.isEmpty }.map {
      "\(PageFrame.encoded($0.name))=\(PageFrame.encoded($0.value))"
    }
    if let cursor { pairs.append("cursor=\(cursor)") }
    return "/jobs" + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }

  /// Jobs as a table.
  func jobTable(_ jobs: [JobRecord], inputs: [Int64: JobPayload]) -> HTML {
    let rows: [[HTML]] = jobs.map { job in
      let input = inputs[job.sequence].map { InputText.summary(name: job.kind.name, input: $0.kwargs) } ?? ""
      let about: HTML =
        "<a class=\"about\" href=\"/jobs/\(job.sequence)\"><b>\(job.kind.name)</b> <span class=\"clip mono\">\(Text.cut(Text.printable(String(input.prefix(400))), to: 160))</span></a>"
      let ran = TimeText.span(from: job.startedAt, to: job.finishedAt)
      return [
        Elements.link(job.sequence), Elements.state(job), about, "\(job.queue)", "\(job.priority)",
        "\(job.life.attempts)", Elements.time(job.enqueuedAt), "\(ran.isEmpty ? "–" : ran)",
      ]
    }
    return Elements.table(
      "Jobs", ["Job", "State", "What", "Queue", "Priority", "Attempts", "Enqueued", "Ran"], rows,
      numbers: [0, 4, 5, 7])
  }
}
