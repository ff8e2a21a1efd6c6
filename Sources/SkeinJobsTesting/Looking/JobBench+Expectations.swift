public import SkeinJobs

extension JobBench {
  /// Checks that jobs of a type have been enqueued and have not started.
  ///
  /// ```swift
  /// try bench.expectEnqueued(Resize.self, count: 1, queue: "media") { $0.path == "a.png" }
  /// ```
  ///
  /// In inline mode jobs have run by then: look at ``runs(of:)``.
  ///
  /// - Parameters:
  ///   - type: which jobs.
  ///   - count: exactly so many; `nil` means at least one.
  ///   - queue: only those of this queue count; `nil` means of any.
  ///   - condition: only those count for which it is true.
  /// - Returns: those that count, in the order of their coming.
  /// - Throws: ``JobBenchFailure``, which says what is in the queue instead, and where this was called; what the condition
  ///   throws.
  @discardableResult
  public func expectEnqueued<J: Job>(
    _ type: J.Type, count: Int? = nil, queue: String? = nil,
    where condition: (J) throws -> Bool = { _ in true },
    fileID: StaticString = #fileID, line: Int = #line
  ) throws -> [QueuedJob<J>] {
    let candidates = try enqueued(type, queue: queue)
    let fitting = try candidates.filter { try condition($0.job) }
    guard count.map({ $0 == fitting.count }) ?? !fitting.isEmpty else {
      let expected = count.map(String.init) ?? "at least one"
      let place = queue.map { " in queue '\($0)'" } ?? ""
      let others = candidates.count - fitting.count
      let refused = others == 0 ? "" : " (\(others) more do not meet the condition)"
      throw JobBenchFailure(
        "expected \(expected) of '\(type.name)'\(place), found \(fitting.count)\(refused)",
        try listing(), fileID, line)
    }
    return fitting
  }

  /// Checks that no job waits to be run: none is ready, scheduled for later, or held back by others.
  ///
  /// - Parameter queue: the queue to look at; `nil` means all.
  /// - Throws: ``JobBenchFailure``, which says what is there, and where this was called.
  public func expectNothingEnqueued(
    queue: String? = nil, fileID: StaticString = #fileID, line: Int = #line
  ) throws {
    let count = try store.entries().count { entry in
      entry.record.isPending && (queue == nil || queue == entry.record.queue)
    }
    guard count > 0 else { return }
    let place = queue.map { "queue '\($0)'" } ?? "the queue"
    throw JobBenchFailure(
      "expected nothing in \(place), found \(count) \(count == 1 ? "job" : "jobs")", try listing(), fileID,
      line)
  }

  private func listing() throws -> QueueListing {
    QueueListing(try store.entries(), paused: try store.pausedQueues(), knows: runner.knows)
  }
}
