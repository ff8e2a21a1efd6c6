internal import ArgumentParser
internal import FoundationEssentials
internal import SkeinBuiltinJobs
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinSync
internal import SkeinWork

/// Waits for the ends of jobs, reports each in the order given, and finds the exit code.
struct JobWait: Sendable {
  var queue: JobQueue
  var isJSON: Bool
  /// Whether the output or the result is printed instead of a line about the end.
  var printsOutput = false
  /// How long to wait for all of them together.
  var timeout: Duration?
  /// Whether the first end is enough.
  var isAnyEnough = false

  /// Waits.
  ///
  /// - Throws: `ExitCode` with the code of the first job that did not succeed, or of the one that ended first;
  ///   ``JobQueueError`` with code `timedOut`.
  func run(_ ids: [JobID]) async throws {
    let deadline = timeout.map { MonotonicClock().now.advanced(by: $0) }
    let watch = Console.shared.isLive ? Task { await WaitBoard.show(ids, in: queue) } : nil
    defer { watch?.cancel() }
    var code: Int32 = 0
    do {
      if isAnyEnough {
        let end = try await firstEnd(of: ids, until: deadline)
        code = end.exitCode
        try report(end)
      } else {
        for id in ids {
          let end = try await end(of: id, until: deadline)
          if code == 0 { code = end.exitCode }
          try report(end)
        }
      }
    } catch {
      await finish(watch)
      throw error
    }
    await finish(watch)
    if code != 0 { throw ExitCode(code) }
  }

  private func finish(_ watch: Task<Void, Never>?) async {
    watch?.cancel()
    await watch?.value
    Console.shared.show(live: "")
  }

  private func firstEnd(of ids: [JobID], until deadline: MonotonicClock.Instant?) async throws -> JobEnd {
    try await withThrowingTaskGroup(of: JobEnd.self) { group in
      for id in ids { group.addTask { try await end(of: id, until: deadline) } }
      defer { group.cancelAll() }
      return try await group.next()!
    }
  }

  private func end(of id: JobID, until deadline: MonotonicClock.Instant?) async throws -> JobEnd {
    let rest = deadline.map { max(.zero, MonotonicClock().now.duration(to: $0)) }
    let record = try await queue.waitForEnd(of: id, timeout: rest)
    return try await JobEnd(of: record, in: queue)
  }

  private func report(_ end: JobEnd) throws {
    let console = Console.shared
    if isJSON { return try console.line(JSONText.encode(end.view)) }
    guard printsOutput else { return try console.line(end.line(for: console.output)) }
    if end.exitCode == 0 {
      try console.write(bytes: end.standardOutput)
      console.note(bytes: Array(end.standardError))
    } else {
      console.note(bytes: Array(end.log))
      console.complain(end.line(for: console.errors))
    }
  }
}

/// How a job ended.
struct JobEnd: Sendable {
  var record: JobRecord
  var lastAttempt: AttemptRecord?
  var result: Data?
  var log = Data()

  /// Reads what there is to know.
  init(of record: JobRecord, in queue: JobQueue) async throws {
    self.record = record
    lastAttempt = try await queue.store.attempts(of: record.sequence).last
    result = try await queue.store.result(of: record.sequence)
    if record.state != .succeeded, let lastAttempt {
      log = try await queue.store.log(of: record.sequence, attempt: lastAttempt.number, from: 0)
    }
  }

  /// A command's own exit code, or 128 + signal; else one of ``ExitStatus``.
  var exitCode: Int32 {
    guard record.state != .succeeded else { return ExitStatus.success.rawValue }
    guard let code = lastAttempt?.error?.exitCode, code != 0 else { return ExitStatus.jobFailed.rawValue }
    return code > 0 ? code : 128 - code
  }

  private var command: CommandResult? {
    guard record.kind.name == CommandJob.name, let result else { return nil }
    return try? JSONCodec().decode(CommandResult.self, from: result)
  }

  /// What a command wrote; of other jobs, the result as JSON.
  var standardOutput: Data {
    if let command { return Data(command.standardOutput.utf8) }
    return (result ?? Data("null".utf8)) + Data("\n".utf8)
  }

  /// What a command wrote to standard error.
  var standardError: Data { Data((command?.standardError ?? "").utf8) }

  /// A sentence about the end.
  func line(for terminal: Terminal) -> String {
    let state = terminal.paint(record.stateText, record.state.paint)
    let span = TimeText.span(from: lastAttempt?.startedAt, to: lastAttempt?.endedAt)
    let count = record.life.attempts
    let time =
      span.isEmpty ? "" : count > 1 ? " after \(count) attempts, the last took \(span)" : " in \(span)"
    let why = record.state == .succeeded ? nil : lastAttempt?.error.map { ": \(Text.printable($0.message))" }
    return "job \(record.sequence) \(state)\(time)\(why ?? "")"
  }

  /// The end in JSON.
  var view: View {
    View(
      job: JobView(record), exitCode: exitCode, result: result.flatMap(JSONValue.init),
      error: record.state == .succeeded ? nil : lastAttempt?.error)
  }

  struct View: Encodable {
    var job: JobView
    var exitCode: Int32
    var result: JSONValue?
    var error: AttemptError?
  }
}

/// How far some jobs are, for the live line.
struct WaitBoard: Sendable {
  private var open: [JobID: Double]
  private let total: Int
  private var failed = 0
  private var message = ""

  /// Shows the jobs' progress until the task is cancelled.
  static func show(_ ids: [JobID], in queue: JobQueue) async {
    var board = WaitBoard(ids)
    var events = queue.events().makeAsyncIterator()
    do {
      for id in ids { if let record = try await queue.job(id) { board.note(record) } }
      while !board.isDone {
        Console.shared.show(live: board.text(width: Console.shared.errors.width))
        guard let record = try await events.next() else { return }
        board.note(record)
      }
    } catch {}  // Cancelled; or the queue can not be read, which the waiting itself reports.
  }

  init(_ ids: [JobID]) {
    open = Dictionary(ids.map { ($0, 0) }) { first, _ in first }
    total = open.count
  }

  var isDone: Bool { open.isEmpty }

  mutating func note(_ record: JobRecord) {
    guard open[record.id] != nil else { return }
    if record.state.isFinished {
      open[record.id] = nil
      if record.state != .succeeded { failed += 1 }
    } else {
      open[record.id] = record.progress?.fraction ?? 0
    }
    message = total == 1 ? record.progress?.message ?? record.stateText : message
  }

  func text(width: Int) -> String {
    let done = Double(total - open.count) + open.values.reduce(0, +)
    let failures = failed == 0 ? "" : ", \(failed) not well"
    let label = total == 1 ? message : "\(total - open.count) of \(total) ended\(failures)"
    return ProgressBar(fraction: total == 0 ? 1 : done / Double(total), label: label).text(width: width - 1)
  }
}
