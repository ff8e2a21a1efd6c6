internal import SkeinJobForms
internal import SkeinJobs

/// The lists of a snapshot as tables; in a pipe the first field of a row says what it is.
struct TopTables {
  var snapshot: TopSnapshot

  func queues(_ queues: some Sequence<TopQueue>) -> Table {
    var table = Table(columns: [
      .init(title: "QUEUE", minimum: 6), .init(title: "STATE", rank: 3),
      .init(title: "RUNNING", isNumber: true, rank: 1), .init(title: "READY", isNumber: true, minimum: 6),
      .init(title: "SCHEDULED", isNumber: true, rank: 5), .init(title: "WAITING", isNumber: true, rank: 6),
      .init(title: "ENDED/S", isNumber: true, rank: 2), .init(title: "FAILED/S", isNumber: true, rank: 4),
    ])
    let shown: [JobState] = [.running, .ready, .scheduled, .waiting]
    for queue in queues {
      let isPaused = queue.counts.isPaused
      let counts = shown.map { state in
        Table.Cell("\(queue.count(state))", paint: queue.count(state) == 0 ? .faint : state.paint)
      }
      table.rows.append(
        [
          .init(queue.counts.queue), .init(isPaused ? "paused" : "open", paint: isPaused ? .yellow : nil),
        ] + counts + [
          .init(Self.rate(queue.rates?.ended)),
          .init(Self.rate(queue.rates?.failed), paint: (queue.rates?.failed ?? 0) > 0 ? .red : .faint),
        ])
    }
    return table
  }

  /// A rate for people, with about three digits.
  static func rate(_ rate: Double?) -> String {
    guard let rate else { return "" }
    if rate >= 99.95 { return "\(Int(rate.rounded()))" }
    let tenths = Int((rate * 10).rounded())
    return tenths == 0 && rate > 0 ? "<0.1" : "\(tenths / 10).\(tenths % 10)"
  }

  func running(_ jobs: some Sequence<TopJob>) -> Table {
    var table = Table(columns: [
      .init(title: "JOB", isNumber: true, minimum: 4), .init(title: "NAME", minimum: 6, rank: 6),
      .init(title: "QUEUE", minimum: 5, rank: 5), .init(title: "WORKER", minimum: 6, rank: 4),
      .init(title: "RAN", isNumber: true, rank: 1), .init(title: "PROGRESS", minimum: 9, rank: 2),
      .init(title: "INPUT", minimum: 8),
    ])
    for job in jobs {
      let record = job.record
      table.rows.append([
        "\(record.sequence)", .init(record.kind.name), .init(record.queue), .init(job.worker),
        .init(TimeText.span(job.ran(until: snapshot.time))),
        .init(Self.progress(of: record), paint: .yellow), .init(job.input),
      ])
    }
    table.leaveOutEmptyColumn("PROGRESS")
    return table
  }

  private static func progress(of job: JobRecord) -> String {
    if job.life.isCancelRequested { return "to be cancelled" }
    guard let progress = job.progress else { return "" }
    let bar = ProgressBar(fraction: progress.fraction, label: Text.printable(progress.message ?? ""))
    return bar.text(width: 30)
  }

  func failures(_ failures: some Sequence<TopFailure>) -> Table {
    var table = Table(columns: [
      .init(title: "JOB", isNumber: true, minimum: 4), .init(title: "NAME", minimum: 6, rank: 2),
      .init(title: "QUEUE", minimum: 5, rank: 3), .init(title: "FAILED", rank: 1),
      .init(title: "ERROR", minimum: 8),
    ])
    for failure in failures {
      let end = failure.record.finishedAt
      table.rows.append([
        "\(failure.record.sequence)", .init(failure.record.kind.name), .init(failure.record.queue),
        .init(end.map { TimeText.distance(to: $0, from: snapshot.time) } ?? ""),
        .init(failure.error, paint: .red),
      ])
    }
    return table
  }
}
