internal import FoundationEssentials
internal import SkeinJobForms
internal import SkeinJobs

/// A snapshot as text that is printed once.
struct TopReport {
  var snapshot: TopSnapshot

  /// On a terminal, the header and tables; in a pipe, a line for each queue, worker, running job and failure.
  func text(for terminal: Terminal) -> String {
    guard terminal.isTerminal else { return records }
    let tables = TopTables(snapshot: snapshot)
    let header = TopHeader(snapshot: snapshot, width: terminal.width).lines.prefix(3)
    let parts = [
      header.map { $0.text(for: terminal) + "\n" }.joined(),
      tables.queues(snapshot.queues).text(for: terminal),
      tables.running(snapshot.running).text(for: terminal),
      tables.failures(snapshot.failures).text(for: terminal),
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var records: String {
    let fields = queues + workers + running + failures
    return fields.map { $0.map { Text.printable($0) }.joined(separator: "\t") + "\n" }.joined()
  }

  private var queues: [[String]] {
    snapshot.queues.map { queue in
      ["queue", queue.counts.queue, queue.counts.isPaused ? "paused" : "open"]
        + JobState.allCases.map { "\(queue.count($0))" }
    }
  }

  private var workers: [[String]] {
    snapshot.workers.map { worker in
      let about = worker.description
      return [
        "worker", "\(worker.id)", about.name, worker.liveness.rawValue, "\(about.concurrency)",
        "\(about.processID)",
      ]
    }
  }

  private var running: [[String]] {
    snapshot.running.map { job in
      let (record, progress) = (job.record, job.record.progress)
      return [
        "running", "\(record.sequence)", record.kind.name, record.queue, job.worker,
        record.startedAt.map(TimeText.exact) ?? "", progress.map { "\($0.fraction)" } ?? "",
        progress?.message ?? "", job.input, record.id.description,
      ]
    }
  }

  private var failures: [[String]] {
    snapshot.failures.map { failure in
      let record = failure.record
      return [
        "failed", "\(record.sequence)", record.kind.name, record.queue,
        record.finishedAt.map(TimeText.exact) ?? "", failure.error, record.id.description,
      ]
    }
  }
}
