package import SkeinJobs

/// How a person names a job: by its number, as `list` shows it, or by its id.
package enum JobReference: Hashable, Sendable {
  case sequence(Int64)
  case id(JobID)

  /// Reads `12`, `#12` or a UUID.
  package init?(_ text: String) {
    let digits = text.hasPrefix("#") ? String(text.dropFirst()) : text
    if let id = JobID(text) {
      self = .id(id)
    } else if digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let sequence = Int64(digits), sequence > 0
    {
      self = .sequence(sequence)
    } else {
      return nil
    }
  }
}

extension JobQueue {
  /// Finds the jobs that are meant, all or none.
  ///
  /// - Throws: ``JobQueueError`` with code `jobNotFound`, which names the first that does not exist.
  package func find(_ references: [JobReference]) async throws -> [JobRecord] {
    var records: [JobRecord] = []
    for reference in references { records.append(try await find(reference)) }
    return records
  }

  /// Finds the job that is meant.
  package func find(_ reference: JobReference) async throws -> JobRecord {
    switch reference {
    case .sequence(let sequence):
      if let record = try await store.job(sequence: sequence) { return record }
      throw JobQueueError(.jobNotFound, "there is no job \(sequence); 'list' shows those that are kept")
    case .id(let id):
      if let record = try await store.job(id) { return record }
      throw JobQueueError(.jobNotFound, "there is no job \(id); 'list' shows those that are kept")
    }
  }
}
