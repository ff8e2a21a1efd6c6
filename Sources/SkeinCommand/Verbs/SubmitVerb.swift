internal import ArgumentParser
internal import Foundation
internal import SkeinBuiltinJobs
internal import SkeinJobForms
internal import SkeinJobs

/// Queues jobs.
struct SubmitVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Queue a command, a job of another kind, or one job for each line of standard input.",
    usage: """
      \(SkeinTool.name) submit [<options>] -- <command> [<argument> ...]
      \(SkeinTool.name) submit [<options>] --task <name> [--input <json>]
      \(SkeinTool.name) submit [<options>] < lines
      """,
    discussion: """
      When it returns, what was submitted is on disk. In a pipe it prints the id
      of each job.

      Examples:
        \(SkeinTool.name) submit -- convert big.png -resize 50% small.png
        \(SkeinTool.name) submit --wait --timeout 10m -- make test
        \(SkeinTool.name) submit --retries 5 --backoff 2s --queue mail -- ./send it.txt
        \(SkeinTool.name) submit --task wordcount --input '{"paths": ["/etc"]}' --wait
        ls *.png | sed 's/.*/optipng "&"/' | \(SkeinTool.name) submit --priority 2
        \(SkeinTool.name) submit --after 12,13 -- ./join.sh
        \(SkeinTool.name) submit --unique report --if-exists replace --delay 1m -- ./report.sh

      A line of standard input is a command for /bin/sh -c, unless it begins
      with '{'. Then it is a JSON object with the keys below; what it leaves out
      is as the options say.
        task, input         a job's name and its input, an object
        command             in their place: an array, or a string for /bin/sh -c
        directory           where the command runs
        environment         an object: the command's variables
        queue, priority, retries, backoff, timeout, softTimeout, delay, expires,
        unique, uniqueFor, ifExists, concurrencyKey
                            as the options; spans as "5m" or as a number of seconds
        label               what other lines of the batch call it
        after, afterEnd, afterFailure, insteadOf, any
                            as the options: labels, numbers or ids, one or an array
      Blank lines are skipped. A bad line is named, and then nothing of the batch
      is stored. A batch of more than \(SubmitBatch.most) jobs is stored in parts of
      that size, each of them all or none.
      """)

  @OptionGroup var queue: QueueOptions

  @OptionGroup(title: "The job") var source: JobSource

  @OptionGroup(title: "How it is queued and run") var flags: JobFlags

  @OptionGroup(title: "What it waits for") var others: DependencyFlags

  @Flag(help: "Wait for the end, print the output, and pass on the exit code.")
  var wait = false

  func run() async throws {
    let requests = try requests()
    guard !requests.isEmpty else {
      return Console.shared.note("standard input had no jobs: nothing was submitted")
    }
    let batch = SubmitBatch(requests: requests, registry: KnownJobs.registry)
    let early = try queue.exists(queue.directory()) ? nil : batch.jobs(announced: [:])
    try await queue.withQueue(creates: true) { queue in
      var jobs = early
      if jobs == nil { jobs = try batch.jobs(announced: await queue.store.knownJobs()) }
      let submitted = try await batch.store(jobs ?? [], in: queue)
      try report(submitted)
      guard wait else { return }
      try await JobWait(queue: queue, isJSON: self.queue.json, printsOutput: true).run(submitted.map(\.id))
    }
  }

  // MARK: Input

  private func requests() throws -> [JobRequest] {
    guard var request = try source.request() else { return try lines(try source.usualCommand()) }
    request.changes = flags.changes
    request.dependencies = others.dependencies
    return [request]
  }

  private func lines(_ usual: CommandJob) throws -> [JobRequest] {
    guard isatty(STDIN_FILENO) == 0 else {
      throw CommandFailure.usage(
        "there is nothing to submit: give a command after --, or --task, or lines on standard input")
    }
    var reader = LineReader(descriptor: STDIN_FILENO, mostBytes: JobPayload.mostBytes)
    var requests: [JobRequest] = []
    while let line = try reader.next() {
      guard var request = try JobLine.parse(line, command: usual) else { continue }
      request.changes = request.changes.over(flags.changes)
      request.dependencies = request.dependencies.over(others.dependencies)
      requests.append(request)
    }
    return requests
  }

  // MARK: Output

  private func report(_ submitted: [EnqueuedJob]) throws {
    let console = Console.shared
    if queue.json {
      if !wait { for job in submitted { try console.line(JSONText.encode(SubmittedView(job))) } }
    } else if wait {
      if console.isLive { console.note(summary(submitted)) }
    } else if console.output.isTerminal {
      try console.line(summary(submitted))
    } else {
      try console.write(submitted.map { "\($0.id)\n" }.joined())
    }
  }

  private func summary(_ submitted: [EnqueuedJob]) -> String {
    let existing = submitted.filter(\.isExisting).count
    let note = existing == 0 ? "" : " (\(existing) of them were there already, under the same unique key)"
    guard submitted.count == 1 else {
      return
        "submitted \(submitted.count) jobs: \(submitted[0].sequence) to \(submitted.last!.sequence)\(note)"
    }
    let job = submitted[0]
    return job.isExisting
      ? "job \(job.sequence) has this unique key: nothing was added"
      : "submitted job \(job.sequence)"
  }
}
