internal import FoundationEssentials
internal import SkeinBuiltinJobs
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinWork

/// Jobs that a client wants stored: one JSON object, or an array of them, all or none.
struct Submission: Sendable {
  /// So many jobs are taken at once.
  static let most = SubmitBatch.most
  /// The longest key that makes a submission happen once, in bytes.
  static let longestKey = 255

  private var requests: [JobRequest]
  /// Whether it was one object, and no array.
  let isSingle: Bool

  /// Reads a body.
  ///
  /// - Throws: ``SkeinJobs/JobQueueError`` with code `invalidInput`, which names the job, and says what is wrong with it.
  init(json: Data) throws {
    let value: JSONValue
    do { value = try JSONCodec().decode(JSONValue.self, from: json) } catch {
      throw JobQueueError.invalidInput(
        "the body is no JSON: send an object that describes a job, or an array of them")
    }
    switch value {
    case .object:
      isSingle = true
      requests = [try JobRequest(json: json, command: Self.usual, isLocal: false)]
    case .array(let values):
      isSingle = false
      guard !values.isEmpty, values.count <= Self.most else {
        throw JobQueueError.invalidInput("the array has \(values.count) jobs: send from 1 to \(Self.most)")
      }
      requests = try values.enumerated().map { place, value in try Self.request(value, number: place + 1) }
    default:
      throw JobQueueError.invalidInput(
        "the body is \(value.kind): send an object that describes a job, or an array of them")
    }
  }

  /// What a command is like that a client describes: it runs where the worker does.
  private static var usual: CommandJob { CommandJob(arguments: []) }

  private static func request(_ value: JSONValue, number: Int) throws -> JobRequest {
    do {
      guard value.isObject else { throw JobQueueError.invalidInput("it is \(value.kind), and no object") }
      var request = try JobRequest(json: JSONCodec().encode(value), command: usual, isLocal: false)
      (request.line, request.unit) = (number, "job")
      return request
    } catch let error as JobQueueError {
      throw JobQueueError(error.code, "job \(number): \(error.message)")
    }
  }

  /// Stores the jobs.
  ///
  /// - Parameters:
  ///   - key: makes it happen once: when the jobs of a submission with this key are there, that is the answer. They are found
  ///     for as long as they are kept.
  ///   - registry: the jobs that are known here, beside those that workers have announced.
  /// - Returns: the jobs, and whether an earlier submission has stored them.
  /// - Throws: ``SkeinJobs/JobQueueError``: `invalidInput`, `jobNotFound`, `unknownJob`, `duplicate`; ``KeyReused``.
  func store(
    in queue: JobQueue, registry: JobRegistry, key: String?
  ) async throws -> (jobs: [EnqueuedJob], isReplayed: Bool) {
    let batch = SubmitBatch(requests: requests, registry: registry)
    var jobs = try batch.jobs(announced: try await queue.store.knownJobs())
    guard let key else { return (try await batch.store(jobs, in: queue), false) }
    guard (1...Self.longestKey).contains(key.utf8.count) else {
      throw JobQueueError.invalidInput(
        "the idempotency key has \(key.utf8.count) bytes: use 1 to \(Self.longestKey)")
    }
    for place in jobs.indices { jobs[place].id = JobID(key: key, place: place) }
    if let earlier = try await Self.earlier(jobs, in: queue) { return (earlier, true) }
    do {
      return (try await batch.store(jobs, in: queue), false)
    } catch {
      // Another one with the key may have come in between.
      if let earlier = try await Self.earlier(jobs, in: queue) { return (earlier, true) }
      throw error
    }
  }

  /// The jobs that a submission with the same key has stored; `nil` when there was none.
  private static func earlier(_ jobs: [NewJob], in queue: JobQueue) async throws -> [EnqueuedJob]? {
    guard try await queue.store.job(jobs[0].id) != nil else { return nil }
    var earlier: [EnqueuedJob] = []
    for job in jobs {
      guard let record = try await queue.store.job(job.id), record.kind.name == job.kind.name,
        record.queue == job.queue, record.priority == job.priority,
        try await queue.store.payload(of: record.sequence)?.kwargs == job.payload.kwargs
      else { throw KeyReused() }
      earlier.append(EnqueuedJob(id: record.id, sequence: record.sequence))
    }
    return earlier
  }

  /// The key was used before, for other jobs.
  struct KeyReused: Error {}
}

extension JobID {
  /// The identity of a job of a submission with a key: always the same.
  ///
  /// - Source: FNV-1a of 128 bits; RFC 9562, version 8.
  fileprivate init(key: String, place: Int) {
    var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    for byte in "\(place)\u{1f}\(key)".utf8 {
      hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b
    }
    let version: UInt128 = 0xf << 76
    let variant: UInt128 = 0x3 << 62
    self.init(bits: hash & ~version & ~variant | 0x8 << 76 | 0x2 << 62)
  }
}
