internal import FoundationEssentials
internal import SkeinSync
internal import SkeinWork

/// What another job will give: a stored property of a job that needs it.
///
/// A job that is enqueued with one waits for the other's success, and finds the value in it when it runs.
///
/// ```swift
/// struct Sum: Job {
///   static let name = "sum"
///   var parts: [JobResult<Int>]
///
///   func run(in context: JobContext) async throws -> Int {
///     try parts.reduce(0) { try $0 + $1.value }
///   }
/// }
/// ```
///
/// In JSON it is `{"job": "…"}`, with the id of the other job.
public struct JobResult<Value: Codable & Sendable>: Sendable {
  /// The other job.
  public let job: JobID
  private var found: Value?

  /// Creates a reference to the result of a job that is known by its id.
  public init(of job: JobID) { self.job = job }

  /// The result.
  ///
  /// - Throws: ``JobQueueError`` with code `noResult` when the other job gave none (it failed, and its end was all that was
  ///   waited for), or when this is not asked in the job that waited for it.
  public var value: Value {
    get throws {
      if let found { return found }
      throw JobQueueError(
        .noResult,
        "there is no result of job \(job) here: it gave none, or it was not this job that waited for it")
    }
  }

  /// Waiting for its success, as a dependency that is said apart.
  public var success: JobDependency { JobDependency(on: job, .success) }
  /// Waiting for its end, whichever it is.
  public var end: JobDependency { JobDependency(on: job, .end) }
  /// Waiting for its failure.
  public var failure: JobDependency { JobDependency(on: job, .failure) }
}

extension JobResult: Codable {
  private enum CodingKeys: CodingKey { case job }

  /// Decodes the reference, and in a running job the value.
  public init(from decoder: any Decoder) throws {
    job = try decoder.container(keyedBy: CodingKeys.self).decode(JobID.self, forKey: .job)
    guard let data = JobInputs.current?[job] else { return }
    found = try JSONCodec().decode(Value.self, from: data)
  }

  /// Encodes the reference alone.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(job, forKey: .job)
    JobReferences.current?.note(job)
  }
}

/// What the running job has waited for.
struct JobInputs: Sendable {
  @TaskLocal static var current: JobInputs?

  /// In the order in which it was named.
  let inputs: [JobInput]
  private let results: [JobID: Data]

  init(_ inputs: [JobInput]) {
    self.inputs = inputs
    results = inputs.reduce(into: [:]) { $0[$1.job] = $1.result }
  }

  subscript(job: JobID) -> Data? { results[job] }
}

/// Notes the jobs whose results an input refers to, while it is encoded.
final class JobReferences: Sendable {
  @TaskLocal static var current: JobReferences?

  private let jobs = Lock<[JobID]>([], name: "references of a job")

  func note(_ job: JobID) { jobs.withLock { $0.append(job) } }

  /// The jobs, each one once, in the order in which they came up.
  var all: [JobID] {
    var seen: Set<JobID> = []
    return jobs.withLock { $0 }.filter { seen.insert($0).inserted }
  }
}
