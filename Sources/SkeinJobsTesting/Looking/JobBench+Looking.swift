public import SkeinJobs
internal import SkeinWork

extension JobBench {
  /// The jobs of a type that have been enqueued and have not started, in the order of their coming, with their options.
  ///
  /// In it are those that wait for their time, for other jobs, or for their next attempt.
  ///
  /// - Parameters:
  ///   - type: which jobs.
  ///   - queue: only those of this queue; `nil` means of any.
  /// - Throws: ``JobBenchFailure`` when one has the name of the type and an input that does not fit it.
  /// - Complexity: O(jobs log jobs).
  public func enqueued<J: Job>(_ type: J.Type, queue: String? = nil) throws -> [QueuedJob<J>] {
    let entries = try store.entries().filter { entry in
      entry.record.isPending && entry.record.kind.name == type.name
        && (queue == nil || queue == entry.record.queue)
    }
    return try entries.map { entry in
      do {
        let job = try JSONCodec().decode(type, from: entry.payload.kwargs)
        return QueuedJob(job: job, record: entry.record)
      } catch {
        throw JobBenchFailure.undecodable(entry, type, error)
      }
    }
  }

  /// All attempts that the bench has run, in the order of their ends.
  public var runs: [JobRun] { runner.runs }

  /// The attempts of jobs of a type, in the order of their ends.
  public func runs<J: Job>(of type: J.Type) -> [JobRun] { runs.filter { $0.name == type.name } }
}

extension JobRecord {
  /// Whether it is enqueued and has not started.
  var isPending: Bool { state < .running }
}
