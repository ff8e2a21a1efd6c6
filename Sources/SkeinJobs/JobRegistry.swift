public import FoundationEssentials
public import SkeinWork

/// The jobs that a worker can run, by name.
///
/// ```swift
/// let registry = try JobRegistry([Resize.self, Thumbnail.self])
/// ```
public struct JobRegistry: Sendable {
  /// A registered type, without its type: what the worker does with it.
  struct Entry: Sendable {
    var payloadVersion: Int
    var blocks: Bool
    var isIsolated: Bool
    /// Decodes the input, runs the job and encodes the result.
    var run: @Sendable (JobPayload, JobContext) async throws -> Data
    /// Checks that the input can be decoded, and says by which rules the job would run.
    var options: @Sendable (Data) throws -> JobOptions
  }

  private var entries = WorkRegistry<Entry>()

  /// Creates a registry of some jobs.
  ///
  /// - Throws: `WorkNameError` when a name is malformed or used twice.
  public init(_ jobs: [any Job.Type] = []) throws(WorkNameError) {
    for job in jobs { try register(job) }
  }

  /// Adds a job.
  ///
  /// - Throws: `WorkNameError` when the name is malformed or taken.
  public mutating func register(_ job: (some Job).Type) throws(WorkNameError) {
    try entries.register(Self.entry(job), as: job.name)
  }

  /// The names, sorted.
  public var names: [String] { entries.names }

  /// The payload version that this registry knows, by name.
  public var knows: [String: Int] {
    Dictionary(uniqueKeysWithValues: names.map { ($0, entries[$0]!.payloadVersion) })
  }

  /// The rules of a job with some input.
  ///
  /// - Returns: `nil` when there is no job of this name.
  /// - Throws: ``JobQueueError`` with code `invalidInput` when the input does not fit the job.
  public func options(of name: String, input: Data) throws -> JobOptions? {
    guard let entry = entries[name] else { return nil }
    do {
      return try entry.options(input)
    } catch let error as DecodingError {
      throw JobQueueError(
        .invalidInput, "the input of job '\(name)' does not fit: \(error.explanation)", cause: error)
    }
  }

  /// Whether there are jobs whose code blocks its thread.
  var hasBlockingJobs: Bool { names.contains { entries[$0]!.blocks } }

  subscript(name: String) -> Entry? { entries[name] }

  private static func entry<J: Job>(_: J.Type) -> Entry {
    Entry(payloadVersion: J.payloadVersion, blocks: J.blocks, isIsolated: J.isIsolated) { payload, context in
      let job: J
      do {
        job = try JSONCodec().decode(J.self, from: payload.kwargs)
      } catch let error as DecodingError {
        throw UndecodableInput(message: "the input of job '\(J.name)' does not fit: \(error.explanation)")
      }
      let output = try await job.run(in: context)
      do {
        return try JSONCodec().encode(output)
      } catch {
        throw UnencodableResult(message: "the result of job '\(J.name)' can not be stored: \(error)")
      }
    } options: {
      try JSONCodec().decode(J.self, from: $0).options
    }
  }
}

extension DecodingError {
  /// What does not fit, and where.
  var explanation: String {
    func place(_ path: [any CodingKey]) -> String {
      path.isEmpty ? "at the top" : "at " + path.map(\.stringValue).joined(separator: ".")
    }
    switch self {
    case .keyNotFound(let key, let context):
      return "'\(key.stringValue)' is missing \(place(context.codingPath))"
    case .typeMismatch(let type, let context): return "\(place(context.codingPath)) there is no \(type)"
    case .valueNotFound(let type, let context): return "\(place(context.codingPath)) a \(type) is null"
    case .dataCorrupted(let context): return "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: return "\(self)"
    }
  }
}
