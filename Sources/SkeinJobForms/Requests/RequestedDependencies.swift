package import SkeinJobs

/// Which other jobs a job waits for, as somebody has named them: by number, by id, or by a label of the same batch.
package struct RequestedDependencies: Hashable, Sendable {
  /// One of them.
  package struct One: Hashable, Sendable {
    package var name: String
    package var condition: JobDependency.Condition
  }

  private(set) var all: [One] = []
  /// Whether one of them suffices.
  package var startsAfterAny = false

  package init() {}

  package var isEmpty: Bool { all.isEmpty }

  package mutating func add(_ names: [String], _ condition: JobDependency.Condition) {
    all += names.map { One(name: $0, condition: condition) }
  }

  /// These, and those of `other` where these say nothing.
  package func over(_ other: RequestedDependencies) -> RequestedDependencies { isEmpty ? other : self }
}

/// Finds the jobs that those of a batch wait for.
package struct DependencyResolver: Sendable {
  private let labels: [String: JobID]
  private var found: [String: JobID] = [:]

  /// Learns the labels of a batch.
  ///
  /// - Throws: ``JobQueueError`` when one is given twice.
  package init(_ requests: [JobRequest], _ jobs: [NewJob]) throws {
    var lines: [String: Int] = [:]
    var labels: [String: JobID] = [:]
    for (request, job) in zip(requests, jobs) {
      guard let label = request.label else { continue }
      if let first = lines.updateValue(request.line ?? 0, forKey: label) {
        throw JobQueueError.invalidInput(
          "\(request.place)the label '\(label)' is that of line \(first) already")
      }
      labels[label] = job.id
    }
    self.labels = labels
  }

  /// Checks what a request names, as far as that can be done without the queue.
  ///
  /// - Throws: ``JobQueueError`` that names the line, for what is neither a label nor a number or id.
  package func check(_ request: JobRequest) throws {
    for one in request.dependencies.all where labels[one.name] == nil {
      do { _ = try reference(one.name) } catch {
        throw JobQueueError(error.code, request.place + error.message)
      }
    }
  }

  /// The dependencies of a job.
  ///
  /// - Throws: ``JobQueueError`` that names the line and what is not found.
  package mutating func resolve(_ request: JobRequest, in queue: JobQueue) async throws -> [JobDependency] {
    var dependencies: [JobDependency] = []
    for one in request.dependencies.all {
      do {
        dependencies.append(JobDependency(on: try await job(one.name, in: queue), one.condition))
      } catch let error as JobQueueError {
        throw JobQueueError(error.code, request.place + error.message)
      }
    }
    return dependencies
  }

  private mutating func job(_ name: String, in queue: JobQueue) async throws -> JobID {
    if let id = labels[name] ?? found[name] { return id }
    let id = try await queue.find(try reference(name)).id
    found[name] = id
    return id
  }

  private func reference(_ name: String) throws(JobQueueError) -> JobReference {
    if let reference = JobReference(name) { return reference }
    let near = NearNames.of(name, among: labels.keys.sorted())
    throw .invalidInput(
      "'\(name)' names no job: use a number, as 'list' shows it, a full id, or the label of another line"
        + (near.isEmpty ? "" : "; did you mean \(near[0])?"))
  }
}
