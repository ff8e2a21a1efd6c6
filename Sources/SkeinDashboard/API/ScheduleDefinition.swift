internal import FoundationEssentials
internal import SkeinBuiltinJobs
internal import SkeinJobForms
internal import SkeinJobs
internal import SkeinWork

/// A schedule as a client describes it.
///
/// | key | what it holds |
/// |---|---|
/// | `when` | a cron expression, or a span such as `90s` |
/// | `timeZone` | whose clocks a cron expression follows; UTC unless told |
/// | `jitter` | up to which span each tick is put off, by chance |
/// | `catchUp` | what becomes of missed ticks: `once`, `skip` or `all` |
/// | `avoidsOverlap` | whether a tick is passed over while the job of an earlier one is unfinished |
/// | `job` | what is enqueued, as for a submission |
struct ScheduleDefinition {
  private struct Fields: Decodable {
    var when: String
    var timeZone: String?
    var jitter: String?
    var catchUp: CatchUp?
    var avoidsOverlap: Bool?
    var job: JSONValue

    enum Key: String, CodingKey, CaseIterable { case when, timeZone, jitter, catchUp, avoidsOverlap, job }

    enum CatchUp: String, Decodable { case once, skip, all }
  }

  private let fields: Fields
  private let request: JobRequest

  init(json: Data) throws {
    guard case .object(let given)? = JSONValue(json) else {
      throw JobQueueError.invalidInput("the body is no JSON object: send one with 'when' and 'job'")
    }
    let keys = Fields.Key.allCases.map(\.rawValue)
    if let unknown = given.keys.sorted().first(where: { !keys.contains($0) }) {
      throw JobQueueError.invalidInput(
        "there is no key '\(Text.cut(Text.printable(unknown), to: 40))'; keys are \(keys.joined(separator: ", "))"
      )
    }
    do { fields = try JSONCodec().decode(Fields.self, from: json) } catch let error as DecodingError {
      throw JobQueueError.invalidInput("the schedule does not fit: \(Self.text(error))")
    }
    guard fields.job.isObject else {
      throw JobQueueError.invalidInput("'job' is \(fields.job.kind), and no object")
    }
    do {
      request = try JobRequest(
        json: JSONCodec().encode(fields.job), command: CommandJob(arguments: []), isLocal: false)
    } catch let error as JobQueueError {
      throw JobQueueError(error.code, "'job': \(error.message)")
    }
    guard request.changes.delay == nil, request.dependencies.isEmpty else {
      throw JobQueueError.invalidInput(
        "'job': a schedule says when: 'delay', 'after' and the like are for single jobs")
    }
  }

  private static func text(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has a value that it can not have"
    @unknown default: "it can not be read"
    }
  }

  func schedule(name: String, registry: JobRegistry, announced: [String: Int]) throws -> NewSchedule {
    let job = try JobCatalog(registry: registry, announced: announced).job(request)
    let policy: CatchUpPolicy =
      switch fields.catchUp ?? .once {
      case .once: .once
      case .skip: .skip
      case .all: .all(limit: 100)
      }
    let jitter = try fields.jitter.map { try DurationText.parse($0) } ?? .zero
    return try NewSchedule(
      name: name,
      schedule: ScheduleText.schedule(when: fields.when, timeZone: fields.timeZone ?? "UTC", jitter: jitter),
      job: job, expiry: request.changes.expires, catchUp: policy,
      avoidsOverlap: fields.avoidsOverlap ?? false)
  }
}
