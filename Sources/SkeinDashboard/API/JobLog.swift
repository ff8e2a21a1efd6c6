internal import FoundationEssentials
internal import HTTPTypes
internal import NIOCore
internal import SkeinJobs
internal import SkeinNetwork

/// What an attempt wrote, over HTTP: all of it, the part that `Range` names, or, with `?follow=true`, on and on until the job has
/// ended.
struct JobLog: Sendable {
  let queue: JobQueue
  let job: JobRecord
  let attempt: Int?
  let range: String?
  let follows: Bool

  init(_ request: Request, _ queue: JobQueue, job: JobRecord, attempt: Int?) throws {
    (self.queue, self.job, self.attempt) = (queue, job, attempt)
    range = request.headers[.range]
    switch request.query["follow"] {
    case nil, "false": follows = false
    case "true": follows = true
    case .some: throw JobQueueError.invalidInput("'follow' must be true or false")
    }
    guard !follows || attempt == nil else {
      throw JobQueueError.invalidInput("'follow' goes on from attempt to attempt: leave the attempt out")
    }
  }

  private static let headers: HTTPFields = [
    .contentType: "text/plain; charset=utf-8", .cacheControl: "no-store",
  ]

  func response() async throws -> Response {
    guard !follows else {
      return Response(headers: Self.headers, body: .stream { try await follow($0) })
    }
    let attempts = try await queue.store.attempts(of: job.sequence)
    guard let number = attempt ?? attempts.last?.number, attempts.contains(where: { $0.number == number })
    else {
      throw JobQueueError(
        .jobNotFound,
        attempts.isEmpty
          ? "job \(job.sequence) is \(job.state.name) and has had no attempt yet"
          : "job \(job.sequence) has no attempt \(attempt ?? 0): it has had \(attempts.count)")
    }
    let log = try await queue.store.log(of: job.sequence, attempt: number, from: 0)
    var headers = Self.headers
    headers[.acceptRanges] = "bytes"
    headers[HTTPField.Name("Skein-Attempt")!] = "\(number)"
    guard let range, let wanted = Self.bytes(range, of: log.count) else {
      return Response(headers: headers, body: .bytes(ByteBuffer(bytes: log)))
    }
    guard !wanted.isEmpty else {
      throw HTTPError(
        .rangeNotSatisfiable, "the log has \(log.count) bytes",
        headers: [.contentRange: "bytes */\(log.count)"])
    }
    headers[.contentRange] = "bytes \(wanted.lowerBound)-\(wanted.upperBound - 1)/\(log.count)"
    return Response(
      status: .partialContent, headers: headers,
      body: .bytes(ByteBuffer(bytes: log.dropFirst(wanted.lowerBound).prefix(wanted.count))))
  }

  /// The bytes that a range means; empty when there are none, `nil` for one that is not understood, and so passed over.
  ///
  /// - Source: RFC 9110, section 14.1.
  static func bytes(_ text: String, of count: Int) -> Range<Int>? {
    guard text.hasPrefix("bytes=") else { return nil }
    let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2 else { return nil }
    switch (Int(ends[0]), Int(ends[1])) {
    case (let first?, let last?) where first <= last && first >= 0:
      return min(first, count)..<min(last + 1, count)
    case (let first?, nil) where ends[1].isEmpty && first >= 0: return min(first, count)..<count
    case (nil, let last?) where ends[0].isEmpty && last >= 0: return max(0, count - last)..<count
    default: return nil
    }
  }

  private func follow(_ writer: BodyWriter) async throws {
    var (attempt, offset) = (0, 0)
    while true {
      let revision = try queue.store.revision()
      // Looked at before the log is read, so that nothing is left unread at the end.
      guard let state = try await queue.job(job.id)?.state else { return }
      for record in try await queue.store.attempts(of: job.sequence) where record.number >= attempt {
        if record.number > attempt { (attempt, offset) = (record.number, 0) }
        let news = try await queue.store.log(of: job.sequence, attempt: attempt, from: offset)
        offset += news.count
        if !news.isEmpty { try await writer.write(ByteBuffer(bytes: news)) }
      }
      if state.isFinished { return }
      _ = try await queue.waitForChange(after: revision, timeout: .seconds(1))
    }
  }
}
